import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createMasker, createTextMasker } from '../../src/masking/mask.js';
import { PROFILE } from './samples.js';
import { ADVERSARIAL } from './speed/inputs.mjs';

const mask = createMasker(PROFILE);
const maskText = createTextMasker(PROFILE);
const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const SIZE = Math.max(32_768, Math.round(262_144 * scale));

const seconds = (run: () => unknown): number => {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
};

const fill = (input: string, size: number): string => input.repeat(Math.ceil(size / input.length));
const document = (text: string): Buffer => Buffer.from(JSON.stringify({ content: [{ type: 'text', text }] }));

/** 10 ms for what the machine does beside. */
const BESIDE = 0.01;
/** Time at double the size, at most. */
const GROWTH = 2.2;
/** Bytes a second at least, on any machine and beside anything: a guard, well below what is measured. */
const SLOWEST = 300_000;

test.each(ADVERSARIAL)('time grows with the length, not faster: %j', { retry: 2 }, (input) => {
  const small = seconds(() => mask(document(fill(input, SIZE))));
  const large = seconds(() => mask(document(fill(input, 2 * SIZE))));
  expect(large).toBeLessThan(GROWTH * small + BESIDE);
  expect((2 * SIZE) / large).toBeGreaterThan(SLOWEST);
  const plain = seconds(() => maskText(fill(input, SIZE)));
  expect(seconds(() => maskText(fill(input, 2 * SIZE)))).toBeLessThan(GROWTH * plain + BESIDE);
});

test('many small items and many members', { retry: 2 }, () => {
  const items = (count: number): Buffer =>
    Buffer.from(
      JSON.stringify({
        content: Array.from({ length: count }, (_, i) => ({ type: 'text', text: i % 2 ? 'a@' : 'b.example ' })),
      }),
    );
  const members = (count: number): Buffer =>
    Buffer.from(JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}@b.example`, i]))));
  const count = Math.max(2000, Math.round(20_000 * scale));
  for (const make of [items, members]) {
    const small = seconds(() => mask(make(count)));
    expect(seconds(() => mask(make(2 * count)))).toBeLessThan(GROWTH * small + BESIDE);
  }
});

/** How many times as long as JSON.parse a message of each kind may take: about twice what is measured. */
const MOST: Readonly<Record<string, number>> = {
  'records 1 KB': 12,
  'records 64 KB': 16,
  'records 1 MB': 14,
  'both 64 KB': 30,
  'dense records 64 KB': 150,
  'dense text 64 KB': 300,
};
const timing = z.array(z.looseObject({ kind: z.string(), masked: z.number(), parsed: z.number() }));

test('the built masker takes no longer than JSON.parse takes, times a factor for each kind of message', () => {
  const script = join(import.meta.dirname, 'speed/run.mjs');
  const timings = timing.parse(JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' })));
  const times = timings.map(({ kind, masked, parsed }) => ({ kind, times: masked / parsed }));
  expect(times.filter(({ kind }) => kind in MOST)).toHaveLength(Object.keys(MOST).length);
  expect(times.filter((one) => one.times > (MOST[one.kind] ?? Number.POSITIVE_INFINITY))).toEqual([]);
});
