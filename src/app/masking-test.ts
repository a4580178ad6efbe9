/** What masking would do to a text, shown to a person before it matters. */
import { randomBytes } from 'node:crypto';
import { createKeyedDigester } from '../base/digest.js';
import { CountersignError } from '../base/errors.js';
import { JsonError, parseJson, stringOf } from '../base/json.js';
import { countMasks, type MaskCount, type Redaction } from '../model/redaction.js';
import type { Settings } from '../model/settings.js';
import { createMaskFor } from './masking.js';

export interface MaskingTestAsk {
  readonly settings: Pick<Settings, 'masking' | 'servers'>;
  readonly text: Buffer;
  /** The server whose rules hold; null: the first. */
  readonly server: string | null;
  readonly tool: string | null;
  readonly groups: readonly string[];
}

export interface MaskingTest {
  readonly server: string;
  /** Whether the text was read as one JSON document, so that its names and places count. */
  readonly json: boolean;
  readonly masked: string;
  readonly redactions: readonly Redaction[];
  readonly counts: readonly MaskCount[];
}

const isJson = (text: Buffer): boolean => {
  try {
    return ['object', 'array'].includes(parseJson(text).kind);
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
};

const serverOf = ({ settings: { servers }, server }: MaskingTestAsk) => {
  const found = server === null ? servers[0] : servers.find(({ id }) => id === server);
  if (found) return found;
  const known = servers.map(({ id }) => id).join(', ');
  throw new CountersignError('USAGE', { problem: `there is no server ${server}; there are: ${known}` });
};

/**
 * Masks a text as an answer of a server would be. Signs of the mode `token` are made under a key of this run alone:
 * those of the gateway are others.
 * @throws CountersignError MASKING_FAILED, MASKING_BLOCKED, USAGE
 */
export const testMasking = async (ask: MaskingTestAsk): Promise<MaskingTest> => {
  const server = serverOf(ask);
  const maskFor = createMaskFor(ask.settings, { digest: createKeyedDigester(randomBytes(32)) });
  const json = isJson(ask.text);
  const document = json ? ask.text : Buffer.from(JSON.stringify(ask.text.toString('utf8')));
  const about = { direction: 'to_client', tool: ask.tool, groups: ask.groups, base: '' } as const;
  const { bytes, redactions } = await maskFor(server, about)(document);
  const masked = json ? bytes.toString('utf8') : (stringOf(parseJson(bytes)) ?? '');
  return { server: server.id, json, masked, redactions, counts: countMasks(redactions) };
};
