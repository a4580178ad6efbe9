/** Precision and recall of every detector, and the table of them in the documentation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DETECTOR_IDS } from '../../src/masking/marks.js';
import { createMasker } from '../../src/masking/mask.js';
import { measure, qualityTable } from './quality/measure.mjs';
import { PROFILE } from './samples.js';

const mask = createMasker({ ...PROFILE, detectors: ['secrets', 'personal', 'network'] });
const { rows, nearMisses } = measure(mask, 200);

test('every detector has values, and there are near misses', () => {
  const named = DETECTOR_IDS.filter((id) => id !== 'nested-encoding' && id !== 'pointer');
  expect(rows.map(({ detector }) => detector).sort()).toEqual([...named].sort());
  expect(nearMisses).toBeGreaterThan(1_000);
});

test('no detector finds fewer than 85 of 100 values, or is wrong more than once in 100', () => {
  for (const { detector, values, found, wrong, examples } of rows) {
    expect(found / values, `${detector}: ${examples.slice(0, 3).join('; ')}`).toBeGreaterThanOrEqual(0.85);
    expect(found / (found + wrong), `${detector}: ${examples.slice(-3).join('; ')}`).toBeGreaterThanOrEqual(0.99);
  }
});

test('the documentation states what is measured', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/masking.md'), 'utf8');
  expect(page).toContain(qualityTable(rows));
});
