/** Which era a server speaks: asked once, and kept as long as it can be relied on. */
import type { Clock } from '../../base/clock.js';
import { at, type JsonNode, member, stringOf } from '../../base/json.js';
import { type Era, type Message, type Upstream, UpstreamError } from '../../model/call.js';
import { META, REVISION } from '../protocol/2026-07-28/envelope.js';
import { headersFor } from '../protocol/2026-07-28/headers.js';
import { type Link, ownMessage } from './link.js';

/** A server that was updated would be spoken to in its old era for ever: nothing in that fails. */
const HOLDS_MS = 10 * 60_000;
/** A server whose answers are in doubt is asked no more often than this. */
const FRESH_MS = 5_000;
/** A process may not answer what it does not know. */
const SILENCE_MS = 3_000;

/** What asking showed. `gone`: the process ended instead of answering, as some do that know `initialize` alone. */
export type Probed = Era | 'gone';

export interface Eras {
  /** What is known of a server, and can be relied on. */
  of(server: string): Era | undefined;
  /** What was known of it last, however long ago. */
  last(server: string): Era | undefined;
  /** Whether it was learned just now: asking again would show the same. */
  isFresh(server: string): boolean;
  learn(server: string, era: Era): void;
}

export const createEras = (clock: Pick<Clock, 'monotonic'>): Eras => {
  const known = new Map<string, { readonly era: Era; readonly at: number }>();
  return {
    of: (server) => {
      const found = known.get(server);
      return found && clock.monotonic() - found.at <= HOLDS_MS ? found.era : undefined;
    },
    last: (server) => known.get(server)?.era,
    isFresh: (server) => clock.monotonic() - (known.get(server)?.at ?? Number.NEGATIVE_INFINITY) < FRESH_MS,
    learn: (server, era) => void known.set(server, { era, at: clock.monotonic() }),
  };
};

const names = (list: JsonNode | undefined, revision: string): boolean =>
  list?.kind === 'array' && list.items.some((item) => stringOf(item) === revision);

/** `server/discover`, as the gateway itself asks it. */
export const discoverMessage = (id: string): Message =>
  ownMessage({
    id,
    method: 'server/discover',
    params: {
      _meta: {
        [META.version]: REVISION,
        [META.clientInfo]: { name: 'countersign', version: '1' },
        [META.capabilities]: {},
      },
    },
  });

/** The era an answer to `server/discover` shows. */
const eraShown = (answer: Message | undefined): Era => {
  if (names(at(answer?.node, 'result', 'supportedVersions'), REVISION)) return 'modern';
  const error = member(answer?.node, 'error');
  const code = member(error, 'code');
  const refused = code?.kind === 'number' && code.value === -32_022;
  return refused && names(at(error, 'data', 'supported'), REVISION) ? 'modern' : 'legacy';
};

const isSilence = (error: UpstreamError, stdio: boolean): boolean => stdio && error.kind === 'timed_out';

/**
 * Asks a server which era it speaks. What is not clearly of the new era is taken for the old one, whose `initialize`
 * then shows whether it is.
 * @throws UpstreamError where the server cannot be reached, or refuses the gateway
 */
export const probe = async (link: Link, upstream: Upstream): Promise<Probed> => {
  const stdio = link.about.server.upstream.kind === 'stdio';
  const message = discoverMessage(link.newCall());
  try {
    const answer = await link.ask(upstream, message, headersFor(message), stdio ? SILENCE_MS : undefined);
    return eraShown(answer);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (isSilence(error, stdio)) return 'legacy';
    if (error.kind !== 'lost') throw error;
    return stdio ? 'gone' : 'legacy';
  }
};
