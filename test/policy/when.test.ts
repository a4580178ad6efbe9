import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/base/json.js';
import type { PolicyRule } from '../../src/model/policy-settings.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { compileWhen } from '../../src/policy/when.js';
import { principal, rule, somewhere } from './samples.js';

const ada = principal('engineering');
const call = (args: () => JsonValue, method = 'tools/call', target: string | null = 'write_file') => ({
  server: 'files',
  method,
  target,
  args,
  ...somewhere,
});
const policy = (...rules: PolicyRule[]) => compilePolicy(rules, ['files'], []);
const judge = (source: string, args: JsonValue): boolean => {
  const compiled = compileWhen(source);
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.judge(
    ada,
    call(() => args),
  );
};

describe('compileWhen', () => {
  it.each([
    ["args.path.startsWith('/srv/')", { path: '/srv/a' }, true],
    ["has(args.path) && args.path.startsWith('/srv/')", {}, false],
    ["args.list.exists(x, x == 'b')", { list: ['a', 'b'] }, true],
    ['args.amount > 1000.0', { amount: 1000.5 }, true],
    ["'engineering' in principal.groups && call.target == 'write_file'", {}, true],
    ["(args.path).matches('^/srv/[a-z]+$')", { path: '/srv/abc' }, true],
    ["principal.kind == 'workload'", {}, false],
  ])('%s', (source, args, expected) => {
    expect(judge(source, args)).toBe(expected);
  });

  it.each([
    ['call.tool == "x"', 'No such key: tool', 5],
    ['arg.path == "x"', 'Unknown variable: arg', 0],
    ['call.target', 'it must be true or false, and is string', 0],
    ['call.target > 3', 'no such overload', 0],
    ['1 +', 'Unexpected token', 3],
    ["args.p.matches('(')", 'the pattern is not one that RE2 reads', 15],
    ['args.p.matches(call.target)', 'matches needs its pattern as a quoted text', 7],
    ['args.a.exists(x, args.b.exists(y, x == y))', 'may not stand inside each other', 0],
  ])('%s is refused at load with its place', (source, problem, offset) => {
    expect(compileWhen(source)).toEqual({ ok: false, problem: expect.stringContaining(problem), offset });
  });

  it('judges a pattern that backtracks elsewhere in linear time', () => {
    expect(judge("args.p.matches('^(a+)+$')", { p: `${'a'.repeat(50_000)}b` })).toBe(false);
  });

  it('throws where a value is missing, of another kind, or too much to be looked at', () => {
    expect(() => judge("args.path == 'x'", {})).toThrow();
    expect(() => judge("args.path.startsWith('x')", { path: 3 })).toThrow();
    expect(() => judge('args.constructor == 1', {})).toThrow();
    expect(() => judge('args.l.exists(x, x == 1)', { l: Array<number>(2_000).fill(0) })).toThrow('too much');
  });

  it('never fails but by saying so, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (source) => {
        expect(typeof compileWhen(source).ok).toBe('boolean');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('rules with a condition', () => {
  const readable = rule('all', 'allow');
  const secrets = rule('no-secrets', 'deny', { when: "args.path.startsWith('/secrets')" });

  it('hold where the condition holds', () => {
    const decide = (path: string) =>
      policy(secrets, readable).decide(
        ada,
        call(() => ({ path })),
      );
    expect(decide('/secrets/a')).toMatchObject({ effect: 'deny', rule: 'no-secrets' });
    expect(decide('/open')).toMatchObject({ effect: 'allow', rule: 'all' });
  });

  it.each(['allow', 'deny'] as const)('an %s rule whose condition cannot be judged denies', (effect) => {
    const odd = rule('odd', effect, { when: "args.path == 'x'" });
    const decided = policy(odd, readable).decide(
      ada,
      call(() => ({})),
    );
    expect(decided).toMatchObject({
      effect: 'deny',
      rule: 'odd',
      reason: expect.stringContaining('could not be judged'),
    });
  });

  it('arguments without exact values deny', () => {
    const inexact = (): never => {
      throw new Error('a number in the arguments has no exact value');
    };
    expect(policy(secrets, readable).decide(ada, call(inexact))).toMatchObject({ effect: 'deny', rule: 'no-secrets' });
    expect(policy(readable).decide(ada, call(inexact))).toMatchObject({ effect: 'allow' });
  });

  it('are about calls with arguments alone, where they read them and name nothing', () => {
    const decide = (method: string) =>
      policy(secrets, readable).decide(
        ada,
        call(() => ({}), method, null),
      );
    expect(decide('tools/list')).toMatchObject({ effect: 'allow' });
    expect(decide('initialize')).toMatchObject({ effect: 'allow' });
  });

  it('leave in lists what some arguments could use', () => {
    const use = { server: 'files', method: 'tools/call', target: 'write_file' };
    expect(policy(secrets, readable).mayUse(ada, use)).toBe(true);
    expect(policy(rule('some', 'allow', { when: "args.path == 'x'" })).mayUse(ada, use)).toBe(true);
    expect(policy(rule('no', 'deny'), readable).mayUse(ada, use)).toBe(false);
    expect(policy().mayUse(ada, use)).toBe(false);
  });

  it('name resources and prompts', () => {
    const one = policy(rule('r', 'allow', { resources: ['file:///srv/*'], prompts: ['review'] }));
    const decide = (method: string, target: string) =>
      one.decide(
        ada,
        call(() => ({}), method, target),
      ).effect;
    expect(decide('resources/read', 'file:///srv/a')).toBe('allow');
    expect(decide('resources/read', 'file:///etc/a')).toBe('deny');
    expect(decide('resources/subscribe', 'file:///srv/a')).toBe('allow');
    expect(decide('prompts/get', 'review')).toBe('allow');
    expect(decide('prompts/get', 'other')).toBe('deny');
    expect(decide('tools/call', 'review')).toBe('deny');
  });
});
