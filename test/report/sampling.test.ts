import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRecords } from '../../src/base/csv-read.js';
import { csv } from '../../src/report/csv.js';
import { drawSample, sampleSeed } from '../../src/report/sampling.js';

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const draw = async (items: readonly string[], seed: string, size: number): Promise<readonly string[]> =>
  (await drawSample(each(items.map((item) => ({ item, about: null }))), seed, size)).map(({ item }) => item);

const population = Array.from({ length: 5_000 }, (_, i) => `item-${i}`);
const SEED = sampleSeed('ab'.repeat(32), 'auditor-2026');

describe('a sample', () => {
  it('is the items of the lowest HMAC, as anyone can compute', async () => {
    const mac = (item: string): string => createHmac('sha256', Buffer.from(SEED, 'hex')).update(item).digest('hex');
    const expected = population.toSorted((a, b) => (mac(a) < mac(b) ? -1 : 1)).slice(0, 25);
    expect(await draw(population, SEED, 25)).toEqual(expected);
  });

  it('does not depend on the order of the population, and a larger one keeps the smaller', async () => {
    const small = await draw(population, SEED, 25);
    expect(await draw(population.toReversed(), SEED, 25)).toEqual(small);
    expect((await draw(population, SEED, 60)).slice(0, 25)).toEqual(small);
  });

  it('is another one for another nonce or population', async () => {
    const small = await draw(population, SEED, 25);
    expect(await draw(population, sampleSeed('ab'.repeat(32), 'auditor-2027'), 25)).not.toEqual(small);
    expect(await draw(population, sampleSeed('ac'.repeat(32), 'auditor-2026'), 25)).not.toEqual(small);
  });

  it('of more than there is holds everything', async () => {
    expect([...(await draw(['a', 'b', 'c'], SEED, 25))].sort()).toEqual(['a', 'b', 'c']);
    expect(await draw([], SEED, 25)).toEqual([]);
  });
});

describe('reading CSV', () => {
  const read = async (chunks: readonly string[]): Promise<readonly (readonly string[])[]> => {
    const records: (readonly string[])[] = [];
    for await (const record of csvRecords(each(chunks))) records.push(record);
    return records;
  };

  it('gives back what was written, wherever the chunks break', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é', 'x'), maxLength: 6 });
    const plain = field.filter((text) => !text.startsWith('\n') && text !== '');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(plain, plain), { minLength: 1, maxLength: 8 }),
        fc.nat(40),
        async (rows, at) => {
          const text = csv(['p', 'q'], rows);
          expect(await read([text.slice(0, at), text.slice(at)])).toEqual([['p', 'q'], ...rows]);
        },
      ),
    );
  });

  it.each(['a"b,c\n', '"a"b\n', '"never closed'])('refuses %j', async (text) => {
    await expect(read([text])).rejects.toThrow();
  });
});
