import { expect, test } from 'vitest';
import { cutEverywhere, LOG, sample } from './stand.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');

test('a cut at any byte: the last signed batch stands, the rest is set aside', async () => {
  const bytes = (await sample()).bytes(LOG);
  const step = Math.max(1, Math.round(1 / scale));
  await cutEverywhere(bytes, (cut) => cut % step === 0);
  expect(bytes.length).toBeGreaterThan(5000);
});
