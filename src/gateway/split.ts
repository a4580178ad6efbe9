/**
 * Values split over two events of one stream: each event alone shows nothing, a reader who joins them sees the whole.
 * The end of the last text of a stream and the start of the next are masked as one text; what shows only there is kept
 * back.
 */
import { at, type JsonNode, stringOf } from '../base/json.js';
import type { Answered } from '../model/call.js';
import type { MaskMessage } from '../model/redaction.js';

/** Characters of each side: longer than any token but a private key, whose first line is found by itself. */
const REACH = 512;
/** Streams remembered at most; the oldest is forgotten. */
const MOST_STREAMS = 4_096;

const firstText = (content: JsonNode | undefined): string | undefined =>
  content?.kind === 'array' ? stringOf(at(content.items[0], 'text')) : undefined;

const lastText = (content: JsonNode | undefined): string | undefined =>
  content?.kind === 'array' ? stringOf(at(content.items.at(-1), 'text')) : undefined;

/** The text that a message adds to its stream, as a reader would join it: a log line, a progress text, an answer. */
const textsOf = ({ message: { node } }: Answered): { readonly first: string; readonly last: string } | undefined => {
  const single = stringOf(at(node, 'params', 'data')) ?? stringOf(at(node, 'params', 'message'));
  const content = at(node, 'result', 'content');
  const first = single ?? firstText(content);
  return first === undefined ? undefined : { first, last: single ?? lastText(content) ?? first };
};

/** Remembers the ends of streams. `isSplit` is asked once for each message, in the order in which they are sent. */
export const createSplits = () => {
  const ends = new Map<string, string>();
  const remember = (stream: string, text: string): void => {
    ends.delete(stream);
    ends.set(stream, text.slice(-REACH));
    for (const oldest of ends.keys()) {
      if (ends.size <= MOST_STREAMS) return;
      ends.delete(oldest);
    }
  };
  const clean = async (mask: MaskMessage, text: string): Promise<boolean> =>
    (await mask(Buffer.from(JSON.stringify(text.toWellFormed())))).redactions.length === 0;
  return {
    /** Whether a value began in the message before and ends in this one. */
    async isSplit(answered: Answered, mask: MaskMessage): Promise<boolean> {
      const stream = answered.intended?.call ?? answered.session;
      const texts = textsOf(answered);
      if (!texts) return false;
      const end = ends.get(stream);
      if (answered.message.kind === 'response') ends.delete(stream);
      else remember(stream, texts.last);
      if (end === undefined) return false;
      const start = texts.first.slice(0, REACH);
      if (await clean(mask, end + start)) return false;
      // What either side shows alone was masked there already.
      return (await clean(mask, end)) && (await clean(mask, start));
    },
  };
};
