import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyWaivers, loadWaivers } from '../../src/controls/waivers.js';
import type { ControlException, TestResult, Waiver } from '../../src/model/evidence.js';
import { exception, result } from '../report/sample.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-waivers-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const PERIOD = { label: '2026-Q3', from: Date.UTC(2026, 6, 1), to: Date.UTC(2026, 9, 1) };
const RULES = {
  period: PERIOD,
  controls: ['CS-NET-01', 'CS-APP-01'],
  people: [{ person: 'ada@example.com', subjects: ['https://idp|ada', 'https://idp|ada-admin'] }],
};

const GOOD = `id: W-2026-001
scope:
  control: CS-NET-01
  person: user/backup
reason: The backup job moves behind the gateway in October.
requester: ada@example.com
approver: cara@example.com
starts: 2026-07-01
expires: 2026-09-01
`;

const put = (text: string, name = 'one.yaml'): void => writeFileSync(join(dir, name), text);
const load = () => loadWaivers(dir, RULES);

describe('a folder of waivers', () => {
  it('loads, by id, with days as their first moment', async () => {
    put(GOOD.replace('W-2026-001', 'W-2026-002'), 'a.yaml');
    put(GOOD.replace('starts: 2026-07-01', 'starts: 2026-07-01T12:00:00+02:00'), 'b.yaml');
    writeFileSync(join(dir, 'README.md'), 'Not a waiver.');
    mkdirSync(join(dir, '.git'));
    const { waivers, files } = await load();
    expect(waivers.map(({ id }) => id)).toEqual(['W-2026-001', 'W-2026-002']);
    expect(files.map(({ path }) => path)).toEqual(['b.yaml', 'a.yaml']);
    expect(waivers[0]).toEqual({
      id: 'W-2026-001',
      scope: { control: 'CS-NET-01', items: null, person: 'user/backup', what: null },
      reason: 'The backup job moves behind the gateway in October.',
      requester: 'ada@example.com',
      approver: 'cara@example.com',
      starts: '2026-07-01T10:00:00.000Z',
      expires: '2026-09-01T00:00:00.000Z',
      revoked: null,
    });
  });

  it('leaves out one that starts after the period', async () => {
    put(GOOD.replace('2026-07-01', '2026-10-01').replace('2026-09-01', '2026-11-01'));
    expect(await load()).toEqual({ waivers: [], files: [] });
  });
});

describe('a waiver that cannot be used is refused with file, line and the way to mend it', () => {
  it.each([
    ['no end', GOOD.replace('expires: 2026-09-01\n', ''), /one\.yaml.*expires/s],
    ['an unknown field', `${GOOD}color: red\n`, /10:1.*Unrecognized key/],
    ['a day that is none', GOOD.replace('2026-09-01', '2026-02-31'), /9:10 expires a day such as 2026-10-01/],
    ['no reason', GOOD.replace(/reason: .*/, "reason: ' '"), /5:9 reason/],
    [
      'the requester as approver',
      GOOD.replace('cara@', 'ADA@'),
      /7:11 approver the approver is the requester; have another/,
    ],
    [
      'another account of the requester as approver',
      GOOD.replace('cara@example.com', 'https://idp|ada-admin'),
      /7:11 approver the approver is the requester/,
    ],
    [
      'an unknown control',
      GOOD.replace('CS-NET-01', 'CS-NOT-01'),
      /3:12 scope\.control there is no control CS-NOT-01; write/,
    ],
    [
      'an end before the period',
      GOOD.replace('2026-07-01', '2026-05-01').replace('2026-09-01', '2026-07-01'),
      /9:10 expires it ended before the period begins; take the file out/,
    ],
    [
      'a revocation before the period',
      `${GOOD.replace('2026-07', '2026-05')}revoked: 2026-06-01\n`,
      /10:10 revoked it ended before/,
    ],
    ['an end before its start', GOOD.replace('2026-09-01', '2026-06-30'), /9:10 expires it ends before it starts/],
    ['more than a year', GOOD.replace('2026-09-01', '2027-08-01'), /9:10 expires it lasts longer than 366 days/],
    ['YAML that is none', 'id: [', /one\.yaml/],
  ])('%s', async (_what, text, message) => {
    put(text);
    await expect(load()).rejects.toMatchObject({
      code: 'WAIVER_INVALID',
      exit: 2,
      message: expect.stringMatching(message),
    });
  });

  it('an id that occurs twice, a file of another kind, a folder that is not there', async () => {
    put(GOOD, 'a.yaml');
    put(GOOD, 'b.yaml');
    await expect(load()).rejects.toThrow(/b\.yaml.*1:5 id the id W-2026-001 is that of a\.yaml too/);
    rmSync(join(dir, 'b.yaml'));
    put(GOOD, 'b.yml');
    await expect(load()).rejects.toThrow(/b\.yml.*named \*\.yaml/);
    await expect(loadWaivers(join(dir, 'none'), RULES)).rejects.toMatchObject({ code: 'WAIVER_INVALID' });
  });
});

const waiver = (over: Partial<Waiver> & { readonly scope?: Waiver['scope'] } = {}): Waiver => ({
  id: 'W-1',
  scope: { control: 'CS-NET-01', items: null, person: null, what: null },
  reason: 'r',
  requester: 'ada',
  approver: 'cara',
  starts: '2026-07-01T00:00:00.000Z',
  expires: '2026-09-01T00:00:00.000Z',
  revoked: null,
  ...over,
});

const covered = (one: Partial<ControlException>, by: Waiver): string | null | undefined =>
  applyWaivers(
    [result('CS-NET-01', 'exceptions', { exceptions: [exception(1, { time: '2026-08-01T00:00:00.000Z', ...one })] })],
    [by],
    PERIOD,
  )[0]?.exceptions[0]?.waiver;

describe('what a waiver covers', () => {
  it.each<readonly [string, Partial<ControlException>, Partial<Waiver>, string | null]>([
    ['everything of its control', {}, {}, 'W-1'],
    ['nothing of another control', {}, { scope: { ...waiver().scope, control: 'CS-APP-01' } }, null],
    ['the item it names', { item: 'e1' }, { scope: { ...waiver().scope, items: ['e1'] } }, 'W-1'],
    ['no other item', { item: 'e2' }, { scope: { ...waiver().scope, items: ['e1'] } }, null],
    ['no other person', { person: 'eve' }, { scope: { ...waiver().scope, person: 'ada' } }, null],
    ['nothing else that was done', { what: 's3 / Put' }, { scope: { ...waiver().scope, what: 's3 / Get' } }, null],
    ['from its first moment', { time: '2026-07-01T00:00:00.000Z' }, {}, 'W-1'],
    ['not before', { time: '2026-06-30T23:59:59.999Z' }, {}, null],
    ['up to its end', { time: '2026-08-31T23:59:59.999Z' }, {}, 'W-1'],
    ['not at its end', { time: '2026-09-01T00:00:00.000Z' }, {}, null],
    ['not once it was revoked', {}, { revoked: '2026-07-15T00:00:00.000Z' }, null],
    ['what has no time, at the end of the period alone', { time: null }, {}, null],
    ['what has no time, where it holds then', { time: null }, { expires: '2026-10-01T00:00:00.000Z' }, 'W-1'],
  ])('%s', (_what, one, over, expected) => {
    expect(covered(one, waiver(over))).toBe(expected);
  });

  it('takes nothing away: results, populations and lists stay as they are', () => {
    const times = fc.integer({ min: PERIOD.from - 1e9, max: PERIOD.to + 1e9 }).map((ms) => new Date(ms).toISOString());
    const some = fc.record({
      item: fc.constantFrom('a', 'b'),
      person: fc.constantFrom('p', 'q'),
      time: fc.option(times),
    });
    const scope = fc.record({
      control: fc.constantFrom('CS-NET-01', 'CS-APP-01'),
      items: fc.option(fc.constantFrom(['a'], ['a', 'b'])),
      person: fc.option(fc.constantFrom('p', 'q')),
      what: fc.constant(null),
    });
    const law = fc.property(fc.array(some), fc.array(scope, { maxLength: 4 }), (list, scopes) => {
      const before: readonly TestResult[] = [
        result('CS-NET-01', 'exceptions', { exceptions: list.map((one, n) => exception(n, one)) }),
        result('CS-APP-01', 'no_exceptions'),
      ];
      const waivers = scopes.map((one, n) => waiver({ id: `W-${n}`, scope: one }));
      const after = applyWaivers(before, waivers, PERIOD);
      const bare = after.map((one) => ({ ...one, exceptions: one.exceptions.map((e) => ({ ...e, waiver: null })) }));
      expect(bare).toEqual(before);
    });
    fc.assert(law, { numRuns: 200 });
  });
});
