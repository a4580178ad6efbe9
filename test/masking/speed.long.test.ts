import { expect, test } from 'vitest';
import { createMasker, createTextMasker } from '../../src/masking/mask.js';
import { PROFILE } from './samples.js';
import { ADVERSARIAL } from './speed/inputs.mjs';

const mask = createMasker(PROFILE);
const maskText = createTextMasker(PROFILE);
const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const SIZE = Math.max(32_768, Math.round(262_144 * scale));

const seconds = (run: () => unknown): number => {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
};

const fill = (input: string, size: number): string => input.repeat(Math.ceil(size / input.length));
const document = (text: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      content: [
        { type: 'text', text },
        { type: 'text', text: '' },
      ],
    }),
  );

test.each(ADVERSARIAL)('time grows with the length, not faster: %j', (input) => {
  const small = seconds(() => mask(document(fill(input, SIZE))));
  const large = seconds(() => mask(document(fill(input, 2 * SIZE))));
  // 10 ms for what the machine does beside.
  expect(large).toBeLessThan(3 * small + 0.01);
  expect((2 * SIZE) / large).toBeGreaterThan(300_000);
  const plain = seconds(() => maskText(fill(input, SIZE)));
  expect(seconds(() => maskText(fill(input, 2 * SIZE)))).toBeLessThan(3 * plain + 0.01);
});

test('many small items and many members', () => {
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
    expect(seconds(() => mask(make(2 * count)))).toBeLessThan(3 * small + 0.01);
  }
});
