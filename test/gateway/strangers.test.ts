import { expect, test } from 'vitest';
import { createStrangers } from '../../src/gateway/strangers.js';
import type { RecordDraft } from '../../src/model/record.js';

const stand = () => {
  const written: RecordDraft[] = [];
  let now = 1_000;
  const append = (draft: RecordDraft) => {
    written.push(draft);
    return Promise.resolve({ seq: written.length, leaf: '' });
  };
  const strangers = createStrangers({ append }, { monotonic: () => now });
  const refused = (address: string, sub: string) =>
    strangers.note({
      type: 'refuse',
      d: { reason: 'too_large', principal: { iss: 'i', sub }, address, server: 'files', count: 1 },
    });
  return { written, strangers, refused, pass: (ms: number) => (now += ms) };
};

test('20 a minute stand singly, the rest is one summary that blames nobody', async () => {
  const { written, strangers, refused, pass } = stand();
  for (let i = 0; i < 50; i++) await refused('10.0.0.1', i % 2 === 0 ? 'jane' : 'mallory');
  expect(written).toHaveLength(20);
  pass(60_000);
  await strangers.flush();
  expect(written.at(-1)?.d).toMatchObject({ address: '10.0.0.1', principal: null, count: 30 });
});

test('however many addresses there are, what is written a minute is bounded, and nothing goes uncounted', async () => {
  const { written, strangers, refused, pass } = stand();
  for (let i = 0; i < 20_000; i++) await refused(`2001:db8::${(i % 5_000).toString(16)}`, 'x');
  expect(written.length).toBeLessThanOrEqual(1_000);
  pass(60_000);
  await strangers.flush();
  expect(written.length).toBeLessThanOrEqual(1_300);
  const counted = written.reduce((sum, { d }) => sum + ('count' in d && typeof d.count === 'number' ? d.count : 0), 0);
  expect(counted).toBe(20_000);
  expect(written.some(({ d }) => 'address' in d && d.address === 'many addresses')).toBe(true);
});
