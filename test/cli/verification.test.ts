/** What `verify` prints for people. */
import { expect, test } from 'vitest';
import { wrapped } from '../../src/cli/print.js';
import { verificationLines } from '../../src/cli/verification.js';
import type { LedgerSummary, terminal, Verification } from '../../src/index.js';

type Terminal = ReturnType<typeof terminal>;

const screen = (width: number): Terminal => ({ color: false, interactive: true, width, paint: (_, text) => text });
const pipe: Terminal = { ...screen(80), interactive: false };

const ledger: LedgerSummary = {
  origin: 'example.com/mcp/gw-1',
  key: `example.com/mcp/gw-1+71776e9a+${'A'.repeat(44)}`,
  first: { seq: 0, t: '2026-07-01T00:00:00.000Z' },
  last: { seq: 1_234_566, t: '2026-09-30T23:59:58.120Z' },
  whole: true,
  segments: 19,
  bytes: 1_250_000_000,
  signers: [
    { seq: 0, key: 'example.com/mcp/gw-1+0a0b0c0d+B' },
    { seq: 1_200_000, key: 'example.com/mcp/gw-1+1a1b1c1d+C' },
  ],
  signed: 1_234_567,
  root: 'f'.repeat(64),
  anchored: 1_234_000,
  openSince: '2026-09-30T22:10:00.000Z',
  gaps: [
    { from: '2026-07-04T10:00:00.000Z', to: '2026-07-04T10:04:00.000Z', after: 99 },
    { from: '2026-08-01T00:00:00.000Z', to: '2026-08-02T01:30:00.000Z', after: 5000 },
  ],
  gapCount: 2,
  clockSteps: 1,
};

const verification: Verification = {
  target: 'x',
  kind: 'ledger',
  established: ['the ledger: records 0 to 1234566 give the signed root.'],
  findings: [
    { severity: 'note', code: 'STOPPED', message: 'ledger: the gateway was stopped for an hour.' },
    { severity: 'unestablished', code: 'NOT_ANCHORED', message: 'the ledger: 567 records are not confirmed.' },
    {
      severity: 'integrity',
      code: 'ROOT_MISMATCH',
      message: `log/0000000000000000.jsonl, record 17, byte 4711: the line at byte 5120 is a checkpoint whose signed root the records do not give: record 17 was changed.`,
    },
  ],
  ledgers: [ledger],
  exit: 12,
};

test('figures first, then what holds, then what does not, the worst first', () => {
  const lines = verificationLines(screen(100), verification);
  expect(lines.slice(0, 12)).toEqual([
    'ledger example.com/mcp/gw-1',
    '  records   0 to 1,234,566, in 19 segments of 1.3 GB in all',
    '  time      2026-07-01 00:00:00 to 2026-09-30 23:59:58 UTC, 91 d 23 h',
    `  root key  example.com/mcp/gw-1+71776e9a+${'A'.repeat(44)}`,
    '  signers   2 segment keys, the last from record 1,200,000 on: 1a1b1c1d',
    `  signed    1,234,567 records, root ${'f'.repeat(64)}`,
    '  anchored  1,234,000 records; 567 records since 2026-09-30 22:10:00 that nothing outside confirms',
    '  gaps      2, the longest 1 d 1 h from 2026-08-01 00:00:00',
    '  clocks    turned 1 time',
    '',
    '✓ holds            the ledger: records 0 to 1234566 give the signed root.',
    '✗ fails            log/0000000000000000.jsonl, record 17, byte 4711: the line at byte 5120 is a',
  ]);
  expect(lines.at(-2)).toBe('◆ not established  the ledger: 567 records are not confirmed.');
  expect(lines.at(-1)).toBe('· note             ledger: the gateway was stopped for an hour.');
});

test('a reading that a fault ended says so', () => {
  const [, records] = verificationLines(screen(100), { ...verification, ledgers: [{ ...ledger, whole: false }] });
  expect(records).toBe('  records   0 to 1,234,566, where reading ended, in 19 segments of 1.3 GB in all');
});

test.each([80, 100])('fits %i columns, but for keys and hashes', (width) => {
  for (const line of verificationLines(screen(width), verification)) {
    const isLong = line.length > width;
    expect(isLong && !/\S{60,}/.test(line), line).toBe(false);
  }
});

test('a pipe gets each finding on one line, without what could steer a terminal', () => {
  const hostile = { ...verification, findings: [{ severity: 'note', code: 'X', message: 'a\u001b[2Jb' } as const] };
  const lines = verificationLines(pipe, hostile);
  expect(lines.at(-1)).not.toContain('\u001b');
  expect(verificationLines(pipe, verification).filter((line) => line.includes('record 17'))).toHaveLength(1);
});

test('words are kept whole', () => {
  expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrapped('onetwothree four', 4)).toEqual(['onetwothree', 'four']);
});
