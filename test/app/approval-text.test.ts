import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approvalLines, decidedText, shorten, stateText, targetText, timeLeft } from '../../src/app/approval-text.js';
import type { ApprovalDetail } from '../../src/app/approvals.js';
import { terminal } from '../../src/app/terminal.js';
import { printable } from '../../src/base/json-rows.js';

const NOW = Date.parse('2026-11-24T05:03:00Z');
const pipe = terminal({});
const detail = (more: Partial<ApprovalDetail> = {}): ApprovalDetail => ({
  id: '01KAV8ZC4QJ2N0Z6Y3V5T7R9PB',
  state: 'pending',
  rule: 'two-eyes',
  server: 'files',
  tool: 'write_file',
  session: '01KAV8ZC4QJ2N0Z6Y3V5T7R9PA',
  requester: 'Ada Adams',
  own: false,
  requestedAt: '2026-11-24T05:00:00.000Z',
  deadline: '2026-11-24T05:15:00.000Z',
  needed: 1,
  approved: 0,
  reviewers: ['leads'],
  requireReason: true,
  decisions: [],
  everyGroup: false,
  passkey: false,
  requestReason: null,
  window: null,
  policyRule: 'writes',
  policy: '4f1c'.repeat(16),
  arguments: '{}',
  ...more,
});
const lines = (json: string, more: Partial<ApprovalDetail> = {}): string[] =>
  approvalLines(detail({ arguments: json, ...more }), pipe, NOW);
/** The lines of the arguments alone. */
const args = (json: string): string[] => {
  const all = lines(json);
  return all.slice(all.findIndex((line) => line.startsWith('Exactly')) + 1, all.lastIndexOf('', all.length - 3));
};

describe('a request as text', () => {
  it('says who, what, with what, and what to do', () => {
    expect(lines('{"path":"/srv/files/a.txt","content":"[redacted:email]","mode":420}')).toEqual([
      'Ada Adams asks to run write_file on files',
      '',
      'Exactly this will run, once (secrets are masked)',
      '  path     /srv/files/a.txt',
      '  content  [redacted:email]',
      '  mode     420',
      '',
      '  State      waits, 0 of 1 approved',
      '  Time left  12 min',
      '  Asked      2026-11-24 05:00:00 UTC',
      '  Reviewers  1 of leads',
      '  Rule       two-eyes, policy 4f1c4f1c4f1c',
      '  Session    01KAV8ZC4QJ2N0Z6Y3V5T7R9PA',
      '  Id         01KAV8ZC4QJ2N0Z6Y3V5T7R9PB',
      '',
      'countersign approvals approve 01KAV8ZC4QJ2N0Z6Y3V5T7R9PB --reason TEXT',
    ]);
  });

  it('names nested values by their path, and keeps numbers as sent', () => {
    expect(args('{"a":{"b":[1,{"c":null}],"x y":true},"n":1.50e3,"e":{},"l":[]}')).toEqual([
      '  a.b[0]    1',
      '  a.b[1].c  null',
      '  a["x y"]  true',
      '  n         1.50e3',
      '  e         {}',
      '  l         []',
    ]);
  });

  it('quotes a string that could be taken for something else', () => {
    expect(args('{"a":"true","b":true,"c":"12","d":"","e":" x","f":"plain"}')).toEqual([
      '  a  "true"',
      '  b  true',
      '  c  "12"',
      '  d  ""',
      '  e  " x"',
      '  f  plain',
    ]);
  });

  it('shows what would hide: direction, invisible and control characters, other spaces', () => {
    expect(printable('a\u202eb\u200bc\u001b[2Jd\u00a0e\ufe0f\u{e0041}')).toBe(
      'a[U+202E]b[U+200B]c[U+001B][2Jd[U+00A0]e[U+FE0F][U+E0041]',
    );
    const all = lines('{"k\\u202e":"v\\u001b]0;x\\u0007"}', { requester: 'Ada\u001b[1A', tool: 't\r\nx' }).join('\n');
    expect(all).not.toMatch(/[^\P{C}\n]/u);
    expect(all).toContain('Ada[U+001B][1A asks to run t[U+000D][U+000A]x on files');
  });

  it('a value of several lines stays in its column', () => {
    expect(args('{"content":"one\\nreviewers  everybody\\n","b":1}')).toEqual([
      '  content  one',
      '           reviewers  everybody',
      '           ',
      '  b        1',
    ]);
  });

  it('counts what is left out', () => {
    const long = args(JSON.stringify({ content: Array.from({ length: 500 }, (_, i) => `line ${i}`).join('\n') }));
    expect(long).toHaveLength(31);
    expect(long.at(-1)).toContain('… 470 more lines; --json shows all');
    const many = args(JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))));
    expect(many.at(-1)).toBe('  … 300 more lines; --json shows all');
  });

  it('any arguments: within 80 columns, nothing that hides', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), (json) => {
        for (const line of lines(json)) {
          expect(line).not.toMatch(/\p{C}/u);
          // A label that is very long stands alone on its line.
          if (!/^ {2}\S/.test(line)) expect(Array.from(line).length).toBeLessThanOrEqual(80);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('tells decisions, and when nothing is left to do', () => {
    const decisions = [
      { name: 'Bob', verdict: 'approve' as const, reason: 'seen', at: '2026-11-24T05:01:00.000Z' },
      { name: 'Cyd', verdict: 'deny' as const, reason: null, at: '2026-11-24T05:02:00.000Z' },
    ];
    const all = lines('{}', { state: 'denied', decisions });
    expect(all).toContain('  Approved   by Bob, 2026-11-24 05:01:00 UTC: seen');
    expect(all).toContain('  Denied     by Cyd, 2026-11-24 05:02:00 UTC');
    expect(all.at(-1)).toBe('Nothing is left to decide.');
    expect(lines('{}', { own: true }).at(-1)).toBe('This is your own request; another person must decide it.');
    expect(lines('{}', { requireReason: false }).at(-1)).toMatch(/approve [0-9A-Z]{26}$/);
  });
});

describe('small texts', () => {
  it.each([
    [-1, 'ended'],
    [0, 'ended'],
    [1, '1 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7199, '119 min'],
    [7500, '2 h 5 min'],
    [172_800, '2 d 0 h'],
  ])('%i seconds: %s', (seconds, text) => {
    expect(timeLeft(new Date(NOW + seconds * 1000).toISOString(), NOW)).toBe(text);
  });

  it('states in words', () => {
    expect(stateText(detail({ needed: 2, approved: 1 }), NOW)).toBe('waits, 1 of 2 approved');
    expect(stateText(detail(), Date.parse('2026-11-24T05:15:00Z'))).toBe('ended');
    expect(stateText(detail({ state: 'granted' }), NOW)).toBe('approved, not yet used');
    expect(targetText(detail({ tool: 'a\u0007' }))).toBe('a[U+0007] on files');
    expect(shorten('abcdef', 4)).toBe('abc…');
    expect(shorten('abcd', 4)).toBe('abcd');
  });

  it.each<[Partial<ApprovalDetail>, RegExp]>([
    [
      { state: 'granted' },
      /^Approved: Ada Adams's call of write_file on files may run once, .* until 2026-11-24 05:15:00 UTC\.$/,
    ],
    [{ state: 'denied' }, /^Denied: .* will not run\.$/],
    [{ needed: 3, approved: 1 }, /waits for 2 more people\.$/],
    [{ needed: 2, approved: 1 }, /waits for 1 more person\.$/],
    [{ state: 'expired' }, /too late/],
  ])('%j', (more, text) => {
    expect(decidedText(detail(more))).toMatch(text);
  });
});
