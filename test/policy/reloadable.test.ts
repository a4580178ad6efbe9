import { describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../src/model/settings.js';
import { policyChanges } from '../../src/policy/reloadable.js';

const rule = (id: string, more: Partial<PolicyRule> = {}): PolicyRule => ({
  id,
  effect: 'allow',
  approval: null,
  groups: [],
  servers: [],
  tools: [],
  methods: [],
  risk: null,
  ...more,
});

describe('policyChanges', () => {
  it('says what was added, removed, changed and moved', () => {
    const [a, b, c] = [rule('a'), rule('b'), rule('c', { effect: 'deny' })];
    expect(policyChanges([a, b], [a, b])).toEqual([]);
    expect(policyChanges([a, b], [b, c])).toEqual(['rule c (deny) was added', 'rule a (allow) was removed']);
    expect(policyChanges([a], [rule('a', { groups: ['x'] })])).toEqual(['rule a was changed']);
    expect(policyChanges([a, b], [b, a])).toEqual(['the order of the rules was changed']);
  });
});
