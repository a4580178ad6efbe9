import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyCall } from '../../src/model/decision.js';
import type { PolicyHours, PolicyRule } from '../../src/model/policy-settings.js';
import { compileHours, compileNetworks, isNetwork } from '../../src/policy/circumstances.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { explainPolicy } from '../../src/policy/explain.js';
import { principal, rule, somewhere } from './samples.js';

const at = (text: string): number => Date.parse(text);
const WORK = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;
const ada = principal('engineering');
const call = (more: Partial<PolicyCall> = {}): PolicyCall => ({
  server: 'files',
  method: 'tools/call',
  target: 'write_file',
  args: () => ({}),
  ...somewhere,
  ...more,
});
const decide = (rules: readonly PolicyRule[], more: Partial<PolicyCall> = {}, who = ada) =>
  compilePolicy(rules, ['files'], []).decide(who, call(more)).effect;

describe('hours', () => {
  const berlin: PolicyHours = { days: WORK, from: 480, to: 1_080, timezone: 'Europe/Berlin' };

  it.each([
    ['2026-07-01T05:59:59Z', false],
    ['2026-07-01T06:00:00Z', true],
    ['2026-07-01T15:59:59Z', true],
    ['2026-07-01T16:00:00Z', false],
    ['2026-12-01T06:30:00Z', false],
    ['2026-12-01T07:00:00Z', true],
    ['2026-07-04T10:00:00Z', false],
  ])('follow the wall clock of their zone: %s is %s', (text, expected) => {
    expect(compileHours(berlin)(at(text))).toBe(expected);
  });

  it.each([
    ['2026-07-03T21:59:00Z', false],
    ['2026-07-03T22:00:00Z', true],
    ['2026-07-04T05:59:00Z', true],
    ['2026-07-04T06:00:00Z', false],
    ['2026-07-04T22:00:00Z', false],
    ['2026-07-06T05:00:00Z', false],
  ])('that pass midnight belong to the day they begin on: %s is %s', (text, expected) => {
    expect(compileHours({ days: WORK, from: 1_320, to: 360, timezone: 'UTC' })(at(text))).toBe(expected);
  });

  it('of whole days cover whole days', () => {
    const always = compileHours({ days: [...WORK, 'sat', 'sun'], from: 0, to: 1_440, timezone: 'America/New_York' });
    fc.assert(fc.property(fc.integer({ min: 0, max: 4e12 }), (moment) => always(moment)));
  });
});

describe('networks', () => {
  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['11.0.0.1', false],
    ['2001:db8::5', true],
    ['2001:db9::5', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['fe80::1%eth0', false],
    ['not an address', false],
    ['', false],
  ])('hold %s: %s', (address, expected) => {
    expect(compileNetworks(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])(address)).toBe(expected);
  });

  it.each(['10.0.0.0/33', '10.0.0/8', '2001:db8::/129', '10.0.0.0/8/8', '10.0.0.0/', 'fe80::1%1/64', 'x'])(
    'are refused where they are none: %s',
    (text) => {
      expect(isNetwork(text)).toBe(false);
    },
  );
});

describe('a rule under circumstances', () => {
  it('decides in its hours alone', () => {
    const hours: PolicyHours = { days: WORK, from: 480, to: 1_080, timezone: 'UTC' };
    const rules = [rule('work', 'allow', { hours })];
    expect(decide(rules, { at: at('2026-07-01T12:00:00Z') })).toBe('allow');
    expect(decide(rules, { at: at('2026-07-01T19:00:00Z') })).toBe('deny');
  });

  it('denies from its networks alone', () => {
    const rules = [rule('no', 'deny', { networks: ['203.0.113.0/24'] }), rule('yes')];
    expect(decide(rules)).toBe('deny');
    expect(decide(rules, { address: '198.51.100.1' })).toBe('allow');
  });

  it('knows what a server says of a tool, and supposes the worst of what it does not say', () => {
    const rules = [rule('no', 'deny', { annotations: { destructive: true } }), rule('yes')];
    const hints = { readOnly: true, destructive: false, idempotent: true, openWorld: false };
    expect(decide(rules)).toBe('deny');
    expect(decide(rules, { tool: { digest: 'd', hints } })).toBe('allow');
    expect(decide(rules, { method: 'resources/read', target: 'file:///a' })).toBe('allow');
  });

  it('is about the principals it names', () => {
    const program = { ...ada, kind: 'workload' } as const;
    expect(decide([rule('p', 'allow', { kind: 'workload' })])).toBe('deny');
    expect(decide([rule('p', 'allow', { kind: 'workload' })], {}, program)).toBe('allow');
    expect(decide([rule('s', 'allow', { subjects: ['https://idp.example|u1'] })])).toBe('allow');
    expect(decide([rule('s', 'allow', { subjects: ['*|u2'] })])).toBe('deny');
    const claims = { department: ['finance'], level: ['2', '3'] };
    const fin = { ...ada, claims: { department: ['it', 'finance'], level: ['3'] } };
    expect(decide([rule('c', 'allow', { claims })], {}, fin)).toBe('allow');
    expect(decide([rule('c', 'allow', { claims })], {}, { ...fin, claims: { department: ['finance'] } })).toBe('deny');
    expect(decide([rule('c', 'allow', { claims })])).toBe('deny');
    expect(decide([rule('c', 'allow', { claims: { constructor: ['x'] } })])).toBe('deny');
  });

  it('hides from lists only what it denies under any', () => {
    const policy = (...rules: PolicyRule[]) => compilePolicy(rules, ['files'], []);
    const use = { server: 'files', method: 'tools/call', target: 'write_file' };
    const sometimes = rule('no', 'deny', { networks: ['203.0.113.0/24'] });
    expect(policy(sometimes, rule('yes')).mayUse(ada, use)).toBe(true);
    expect(policy(rule('no', 'deny', { kind: 'human' }), rule('yes')).mayUse(ada, use)).toBe(false);
  });

  it('is explained in words', () => {
    const hours: PolicyHours = { days: ['mon'], from: 0, to: 60, timezone: 'UTC' };
    const rules = [
      rule('who', 'allow', { subjects: ['x|*'], kind: 'workload', claims: { team: ['a', 'b'] } }),
      rule('when', 'allow', { hours, networks: ['10.0.0.0/8'], annotations: { readOnly: true } }),
    ];
    const { steps } = explainPolicy(rules, ['files'], [])(ada, call());
    expect(steps.map(({ sentence }) => sentence)).toEqual([
      'It is about other principals: subjects x|*, programs, team a or b.',
      'It holds under other circumstances: mon 00:00 to 01:00 UTC, from 10.0.0.0/8, readOnly yes.',
    ]);
  });
});
