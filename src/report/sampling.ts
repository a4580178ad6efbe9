/**
 * The auditor's sample: which items, nobody can choose. The population is frozen by its hash before the auditor
 * names a nonce, so management cannot try populations until the sample pleases. A larger sample of the same nonce
 * keeps the items of the smaller one.
 */
import { createHash, createHmac } from 'node:crypto';

export interface SampleItem<T> {
  /** From 1. */
  readonly rank: number;
  readonly item: string;
  /** HMAC-SHA-256 of the item under the seed, hex: what the ranking goes by. */
  readonly hmac: string;
  readonly about: T;
}

/**
 * SHA-256 over the hex of the population's hash, a line feed and the nonce in UTF-8.
 * @param populationHash SHA-256 of the population's CSV file, hex
 */
export const sampleSeed = (populationHash: string, nonce: string): string =>
  createHash('sha256').update(`${populationHash}\n${nonce}`, 'utf8').digest('hex');

type Ranked<T> = Omit<SampleItem<T>, 'rank'>;

const before = (a: { readonly hmac: string; readonly item: string }, b: typeof a): number =>
  a.hmac === b.hmac ? (a.item < b.item ? -1 : 1) : a.hmac < b.hmac ? -1 : 1;

/**
 * The `size` items whose HMAC is lowest, in that order, whatever the order in which they come. Memory grows with
 * `size`, not with the population.
 * @param seed hex, from `sampleSeed`; its 32 bytes are the key
 */
export const drawSample = async <T>(
  items: AsyncIterable<{ readonly item: string; readonly about: T }>,
  seed: string,
  size: number,
): Promise<readonly SampleItem<T>[]> => {
  const key = Buffer.from(seed, 'hex');
  let best: Ranked<T>[] = [];
  for await (const { item, about } of items) {
    best.push({ item, about, hmac: createHmac('sha256', key).update(item, 'utf8').digest('hex') });
    if (best.length >= 2 * size + 1_000) best = best.sort(before).slice(0, size);
  }
  return best
    .sort(before)
    .slice(0, size)
    .map((one, i) => ({ ...one, rank: i + 1 }));
};
