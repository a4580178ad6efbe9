/** Random choices for the demo: from a seed, so that the same seed gives the same sample world. */
import { createHash } from 'node:crypto';

export interface Random {
  bytes(count: number): Buffer;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  /** One item of a list that is not empty. */
  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T;
  /** The items in another order. */
  shuffle<T>(items: readonly T[]): T[];
  /** `length` characters of `alphabet`. */
  text(alphabet: string, length: number): string;
  /** A version 4 UUID (RFC 9562 §5.4). */
  uuid(): string;
}

const formatUuid = (bytes: Buffer): string => {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};

const createRandom = (bytes: (count: number) => Buffer): Random => {
  const between = (min: number, max: number): number => min + (bytes(6).readUIntBE(0, 6) % (max - min + 1));
  const pick = <T>(items: readonly T[]): T => {
    const item = items[between(0, items.length - 1)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  };
  return {
    bytes,
    between,
    chance: (probability) => between(0, 999_999) < probability * 1_000_000,
    pick,
    shuffle: (items) => {
      const keyed = items.map((item) => ({ item, key: between(0, 2 ** 32 - 1) }));
      return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
    },
    text: (alphabet, length) => {
      let text = '';
      while (text.length < length) text += alphabet.charAt(between(0, alphabet.length - 1));
      return text;
    },
    uuid: () => formatUuid(bytes(16)),
  };
};

/**
 * A stream of SHA-256(seed, counter) blocks: the same seed and name give the same stream.
 * Predictable by design: for sample data alone, never for a key that guards anything.
 */
export const seededRandom = (seed: number, name = ''): Random => {
  let counter = 0;
  let pool: Buffer = Buffer.alloc(0);
  return createRandom((count) => {
    while (pool.length < count) {
      const block = createHash('sha256').update(`countersign sample/${name}/${seed}/${counter++}`).digest();
      pool = Buffer.concat([pool, block]);
    }
    const taken = Buffer.from(pool.subarray(0, count));
    pool = pool.subarray(count);
    return taken;
  });
};
