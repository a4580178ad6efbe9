/** Three seeds: each report equal to what was planted. The seeds change from day to day and are printed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const bin = join(import.meta.dirname, '../../bin/run.js');
const day = Math.floor(Date.now() / 86_400_000);

test.each([1, day, day * 7 + 11])('countersign demo --seed %i', (seed) => {
  const dir = join(mkdtempSync(join(tmpdir(), 'countersign-demo-')), 'tour');
  const printed = execFileSync(process.execPath, [bin, 'demo', '--json', '--dir', dir, '--seed', String(seed)], {
    encoding: 'utf8',
  });
  const { compared, searched, exits } = JSON.parse(printed);
  for (const { missing, surplus } of compared) expect([missing, surplus]).toEqual([[], []]);
  expect(searched.found).toEqual([]);
  expect(exits).toEqual({ alone: 13, trusted: 13, tampered: 12 });
});
