import { describe, expect, it } from 'vitest';
import { policyChanges } from '../../src/policy/reloadable.js';
import { rule } from './samples.js';

describe('policyChanges', () => {
  it('says what was added, removed, changed and moved', () => {
    const [a, b, c] = [rule('a'), rule('b'), rule('c', 'deny')];
    expect(policyChanges([a, b], [a, b])).toEqual([]);
    expect(policyChanges([a, b], [b, c])).toEqual(['rule c (deny) was added', 'rule a (allow) was removed']);
    expect(policyChanges([a], [rule('a', 'allow', { groups: ['x'] })])).toEqual(['rule a was changed']);
    expect(policyChanges([a, b], [b, a])).toEqual(['the order of the rules was changed']);
  });
});
