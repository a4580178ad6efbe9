/** `pruned.json`: where a ledger begins whose oldest segments were removed (docs/ledger-format.md). */
import { isArray, JsonError, type JsonValue, parseJson, toValue } from '../base/json.js';

export interface Pruned {
  readonly origin: string;
  /** Records that were removed, from the first. */
  readonly size: number;
  /** Leaf hash of the last of them, hex. */
  readonly prev: string;
  /** Peaks of the tree over them, the largest first; 32 bytes each. */
  readonly peaks: readonly Buffer[];
}

/** Bytes of the file. */
export const MAX_PRUNED = 16_384;
const HASH = /^[0-9a-f]{64}$/;

const hashesOf = (value: JsonValue | undefined): readonly Buffer[] | undefined => {
  if (typeof value !== 'object' || value === null || !isArray(value)) return undefined;
  const texts = value.filter((item): item is string => typeof item === 'string' && HASH.test(item));
  return texts.length === value.length ? texts.map((text) => Buffer.from(text, 'hex')) : undefined;
};

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

const isHash = (value: JsonValue | undefined): value is string => typeof value === 'string' && HASH.test(value);

const prunedOf = (value: JsonValue): Pruned | undefined => {
  if (typeof value !== 'object' || value === null || isArray(value)) return undefined;
  if (Object.keys(value).join() !== 'v,origin,size,prev,range' || value['v'] !== 1) return undefined;
  const { origin, size, prev, range } = value;
  const peaks = hashesOf(range);
  if (!isCount(size) || typeof origin !== 'string' || !isHash(prev)) return undefined;
  const bits = size.toString(2).replaceAll('0', '').length;
  return bits === peaks?.length ? { origin, size, prev, peaks } : undefined;
};

/** What stands in these bytes; undefined where they are not of the one form. */
export const parsePruned = (bytes: Uint8Array): Pruned | undefined => {
  try {
    return prunedOf(toValue(parseJson(bytes)));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
};

/** The bytes of the file. */
export const prunedText = ({ origin, size, prev, peaks }: Pruned): string =>
  `${JSON.stringify({ v: 1, origin, size, prev, range: peaks.map((peak) => peak.toString('hex')) })}\n`;
