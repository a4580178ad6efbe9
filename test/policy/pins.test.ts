import { describe, expect, it } from 'vitest';
import type { PolicyCall } from '../../src/model/decision.js';
import type { PinMode, PinSettings, PolicyRule } from '../../src/model/policy-settings.js';
import type { ApprovalRule } from '../../src/model/settings.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { pinChanges, withPins } from '../../src/policy/pins.js';
import { principal, rule, somewhere } from './samples.js';

const ONE = '1'.repeat(64);
const TWO = '2'.repeat(64);
const ada = principal('engineering');
const hints = { readOnly: true, destructive: false, idempotent: true, openWorld: false };
const approval: ApprovalRule = { name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 1, requireReason: false };
const pins = (changed: PinMode, more: Partial<PinSettings> = {}): PinSettings => ({
  file: '/etc/tool-pins.yaml',
  changed,
  servers: {},
  tools: { files: { read: ONE } },
  ...more,
});
const call = (digest: string | null, target = 'read', more: Partial<PolicyCall> = {}): PolicyCall => ({
  server: 'files',
  method: 'tools/call',
  target,
  args: () => ({}),
  ...somewhere,
  tool: digest === null ? null : { digest, hints },
  ...more,
});
const policy = (set: PinSettings | undefined, ...rules: PolicyRule[]) =>
  withPins(compilePolicy(rules, ['files', 'cloud'], [approval]), set);

describe('a pinned tool', () => {
  it.each<[PinMode, string | null, string, string]>([
    ['block', ONE, 'read', 'allow'],
    ['block', TWO, 'read', 'deny'],
    ['block', null, 'read', 'deny'],
    ['block', ONE, 'write', 'deny'],
    ['block', ONE, 'constructor', 'deny'],
    ['alert', TWO, 'read', 'allow'],
    ['alert', null, 'read', 'allow'],
    [{ approval: 'two-eyes' }, ONE, 'read', 'allow'],
    [{ approval: 'two-eyes' }, TWO, 'read', 'require_approval'],
    [{ approval: 'two-eyes' }, ONE, 'write', 'require_approval'],
  ])('under %j, listed as %s and called as %s: %4$s', (mode, digest, target, effect) => {
    expect(policy(pins(mode), rule('all')).decide(ada, call(digest, target)).effect).toBe(effect);
  });

  it('says in the record what is wrong with it', () => {
    const said = (mode: PinMode, digest: string | null, target = 'read') =>
      policy(pins(mode), rule('all')).decide(ada, call(digest, target)).reason;
    expect(said('alert', TWO)).toMatch(/ The definition of read on files is not the one that was pinned\.$/);
    expect(said('block', ONE, 'write')).toBe('The definition of write on files was never pinned.');
    expect(said('block', null)).toMatch(/is not known yet: list the tools of the server first\.$/);
  });

  it('narrows and never widens', () => {
    const held = rule('held', 'approval', { approval: 'two-eyes' });
    expect(policy(pins('alert'), held).decide(ada, call(TWO)).effect).toBe('require_approval');
    expect(policy(pins({ approval: 'gone' }), held).decide(ada, call(TWO)).approval).toBe('two-eyes');
    expect(policy(pins('alert')).decide(ada, call(ONE)).effect).toBe('deny');
    expect(policy(pins('block'), rule('all')).decide(ada, call(null, 'a', { method: 'prompts/get' })).effect).toBe(
      'allow',
    );
  });

  it('has a mode of its own per server', () => {
    const set = pins('block', { servers: { cloud: 'alert' } });
    const other = call(TWO, 'stop', { server: 'cloud' });
    expect(policy(set, rule('all')).decide(ada, other).effect).toBe('allow');
    expect(policy(pins('block'), rule('all')).decide(ada, other).effect).toBe('deny');
  });

  it('is not shown where its definition is blocked', () => {
    const shown = (set: PinSettings | undefined, digest: string, target = 'read') =>
      policy(set, rule('all')).mayUse(ada, { server: 'files', method: 'tools/call', target, digest: () => digest });
    expect(shown(pins('block'), ONE)).toBe(true);
    expect(shown(pins('block'), TWO)).toBe(false);
    expect(shown(pins('block'), ONE, 'write')).toBe(false);
    expect(shown(pins('alert'), TWO)).toBe(true);
    expect(shown(undefined, TWO)).toBe(true);
  });

  it('is part of what grants name: another pin is another policy', () => {
    const digests = [undefined, pins('block'), pins('alert'), pins('block', { tools: {} })].map(
      (set) => policy(set, rule('all')).digest,
    );
    expect(new Set(digests).size).toBe(4);
    expect(policy(pins('block'), rule('all')).decide(ada, call(ONE)).policy).toBe(digests[1]);
  });
});

describe('pinChanges', () => {
  it('tells what is different', () => {
    const before = pins('alert', { tools: { files: { read: ONE, old: ONE } } });
    const after = pins('block', { tools: { files: { read: TWO, a: ONE, b: ONE } } });
    expect(pinChanges(before, after)).toEqual([
      'what becomes of changed tools was changed',
      'the pins of files/a, files/b were added',
      'the pin of files/old was removed',
      'the pin of files/read was changed',
    ]);
    expect(pinChanges(before, before)).toEqual([]);
    expect(pinChanges(undefined, pins('alert', { tools: {} }))).toEqual(['what becomes of changed tools was changed']);
  });
});
