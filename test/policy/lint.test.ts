import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../src/model/policy-settings.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { lintPolicy } from '../../src/policy/lint.js';
import { principal, rule, somewhere } from './samples.js';

const none: ReadonlyMap<string, readonly string[]> = new Map();
const unreachable = (...rules: PolicyRule[]): readonly string[] =>
  lintPolicy(rules, none)
    .filter(({ kind }) => kind === 'unreachable')
    .map(({ rule: id }) => id);

describe('lintPolicy', () => {
  it('finds an approval behind a broader allow rule', () => {
    const wide = rule('wide', 'allow', { groups: ['engineering'], servers: ['files'], tools: ['write_*', 'read_*'] });
    const narrow = rule('two', 'approval', { groups: ['engineering'], servers: ['files'], tools: ['write_file'] });
    expect(unreachable(wide, narrow)).toEqual(['two']);
    expect(unreachable(narrow, wide)).toEqual([]);
  });

  it('finds what a denial covers, wherever it stands', () => {
    const allow = rule('a', 'allow', { tools: ['move_file'] });
    expect(unreachable(allow, rule('no', 'deny', { tools: ['move_*'] }))).toEqual(['a']);
    expect(unreachable(allow, rule('no', 'deny', { tools: ['move_*'], when: "args.path == 'x'" }))).toEqual([]);
    expect(unreachable(allow, rule('no', 'deny', { groups: ['x'] }))).toEqual([]);
  });

  it('finds tools that no server has, where servers have listed theirs', () => {
    const odd = rule('odd', 'allow', { servers: ['files'], tools: ['raed_*', 'write_*'] });
    const found = lintPolicy([odd], new Map([['files', ['read_file', 'write_file']]]));
    expect(found).toEqual([
      { at: 0, rule: 'odd', kind: 'unknown_tool', message: 'raed_* fits no tool that these servers have listed' },
    ]);
    expect(lintPolicy([odd], new Map([['billing', ['pay']]]))).toEqual([]);
    expect(lintPolicy([odd], none)).toEqual([]);
  });

  it('never calls a rule unreachable that decides some call', () => {
    const globs = ['*', 'a*', 'ab', '*b', 'a*b', 'x'];
    const arbitrary = fc.array(
      fc.record({
        effect: fc.constantFrom<PolicyRule['effect']>('allow', 'deny', 'approval'),
        groups: fc.subarray(['g', 'h']),
        servers: fc.subarray(['files', 'f*', 'billing']),
        tools: fc.subarray(globs, { minLength: 1 }),
      }),
      { minLength: 1, maxLength: 5 },
    );
    const call = fc.record({
      groups: fc.subarray(['g', 'h']),
      server: fc.constantFrom('files', 'billing'),
      target: fc.constantFrom('ab', 'a', 'axb', 'b', 'x', 'zz'),
    });
    const approval = { name: 'two-eyes', reviewers: ['l'], min: 1, deadline: 1_000, requireReason: false };
    fc.assert(
      fc.property(arbitrary, call, (parts, { groups, server, target }) => {
        const rules = parts.map(({ effect, ...more }, i) => rule(`r${i}`, effect, more));
        const asked = { server, method: 'tools/call', target, args: () => ({}), ...somewhere };
        const decided = compilePolicy(rules, ['files', 'billing'], [approval]).decide(principal(...groups), asked).rule;
        if (decided === null) return;
        // A denial decides although an earlier one would have too: then the earlier is named.
        expect(unreachable(...rules)).not.toContain(decided);
      }),
      { numRuns: 5_000 },
    );
  });
});
