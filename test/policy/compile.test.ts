import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyCall } from '../../src/model/decision.js';
import type { PolicyRule } from '../../src/model/policy-settings.js';
import type { ApprovalRule } from '../../src/model/settings.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { principal, rule, somewhere } from './samples.js';

const twoEyes: ApprovalRule = {
  name: 'two-eyes',
  reviewers: ['leads'],
  min: 1,
  deadline: 900_000,
  requireReason: true,
};
const none = (): Record<string, never> => ({});
const tool = (name: string | null, server = 'files'): PolicyCall => ({
  server,
  method: 'tools/call',
  target: name,
  args: none,
  ...somewhere,
});
const method = (name: string, target: string | null = null, server = 'files'): PolicyCall => ({
  server,
  method: name,
  target,
  args: none,
  ...somewhere,
});
const policy = (...rules: PolicyRule[]) => compilePolicy(rules, ['files', 'billing'], [twoEyes]);

describe('decide', () => {
  const example = policy(
    rule('reads', 'allow', { groups: ['engineering'], servers: ['files'], tools: ['read_*', 'list_*'] }),
    rule('writes', 'approval', { groups: ['engineering'], servers: ['files'], tools: ['write_*', 'read_secret'] }),
    rule('late-allow', 'allow', { groups: ['engineering'], servers: ['files'], tools: ['write_*'] }),
    rule('resources', 'allow', { groups: ['support'], servers: ['bill*'], methods: ['resources/*'] }),
    rule('no-move', 'deny', { tools: ['move_*'] }),
    rule('all-for-admins', 'allow', { groups: ['admins'], risk: 'high' }),
  );

  it.each([
    ['allow by glob', ['engineering'], tool('read_file'), 'allow', 'reads', 'low'],
    ['the first match in file order', ['engineering'], tool('read_secret'), 'allow', 'reads', 'low'],
    ['approval before a later allow', ['engineering'], tool('write_file'), 'require_approval', 'writes', 'high'],
    ['another group', ['sales'], tool('read_file'), 'deny', null, 'low'],
    ['no groups', [], tool('read_file'), 'deny', null, 'low'],
    ['another server', ['engineering'], tool('read_file', 'billing'), 'deny', null, 'low'],
    ['an unknown server', ['admins'], tool('read_file', 'nowhere'), 'deny', null, 'low'],
    ['deny wins wherever it stands', ['admins'], tool('move_file'), 'deny', 'no-move', 'low'],
    ['a rule with neither tools nor methods', ['admins'], tool('anything'), 'allow', 'all-for-admins', 'high'],
    ['the same, for a method', ['admins'], method('prompts/get', 'p'), 'allow', 'all-for-admins', 'high'],
    ['a rule with methods', ['support'], method('resources/read', 'x', 'billing'), 'allow', 'resources', 'low'],
    ['a rule with methods says nothing of tools', ['support'], tool('x', 'billing'), 'deny', null, 'low'],
    ['a rule with tools says nothing of methods', ['engineering'], method('resources/read', 'x'), 'deny', null, 'low'],
    ['no tool named', ['admins'], tool(null), 'deny', null, 'low'],
    ['an empty tool name', ['admins'], tool(''), 'deny', null, 'low'],
    ['an unknown method', ['engineering'], method('tasks/get', 'x'), 'deny', null, 'low'],
  ] as const)('%s', (_name, groups, call, effect, id, risk) => {
    const decision = example.decide(principal(...groups), call);
    expect(decision).toMatchObject({ effect, rule: id, risk, policy: example.digest });
    expect(decision.approval).toBe(effect === 'require_approval' ? 'two-eyes' : null);
    expect(decision.reason).toMatch(/^[A-Z].*\.$/);
  });

  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'notifications/initialized',
    'notifications/cancelled',
    'tools/list',
    'prompts/list',
    'resources/list',
    'resources/templates/list',
    'completion/complete',
  ])('%s needs one rule that covers principal and server', (name) => {
    expect(example.decide(principal('engineering'), method(name))).toMatchObject({ effect: 'allow', risk: 'low' });
    expect(example.decide(principal('engineering'), method(name, null, 'billing')).effect).toBe('deny');
    expect(example.decide(principal('sales'), method(name)).effect).toBe('deny');
    const onlyApproval = policy(rule('w', 'approval', { tools: ['write_*'] }));
    expect(onlyApproval.decide(principal(), method(name))).toMatchObject({ effect: 'allow', rule: 'w' });
    const closed = policy(rule('a', 'allow'), rule('d', 'deny', { groups: ['left'] }));
    expect(closed.decide(principal('left'), method(name))).toMatchObject({ effect: 'deny', rule: 'd' });
    const toolsOnly = policy(rule('a', 'allow'), rule('d', 'deny', { tools: ['*'] }));
    expect(toolsOnly.decide(principal(), method(name)).effect).toBe('allow');
    const named = policy(rule('a', 'allow'), rule('d', 'deny', { methods: [name] }));
    expect(named.decide(principal(), method(name)).effect).toBe('deny');
  });

  it('says who may not do what, in a sentence', () => {
    expect(example.decide(principal('sales'), tool('write_file')).reason).toBe(
      'No rule lets group sales call write_file on files.',
    );
    expect(example.decide(principal('x', 'y'), method('resources/read', 'file:///k?token=s3cret')).reason).toBe(
      'No rule lets groups x, y use resources/read on files.',
    );
    expect(example.decide(principal(), tool('write_file')).reason).toBe(
      'No rule lets a principal without groups call write_file on files.',
    );
    const many = Array.from({ length: 300 }, (_, i) => `group-${i}`);
    expect(example.decide(principal(...many), tool('\u001b[2J')).reason).toBe(
      'No rule lets groups group-0, group-1, group-2, group-3, group-4 and 295 more call that tool on files.',
    );
  });

  it('an approval that is not configured denies', () => {
    const broken = compilePolicy([rule('w', 'approval', { approval: 'gone' })], ['files'], [twoEyes]);
    expect(broken.decide(principal(), tool('x'))).toMatchObject({ effect: 'deny', rule: 'w', approval: null });
    const unnamed = compilePolicy([rule('w', 'approval', { approval: null })], ['files'], [twoEyes]);
    expect(unnamed.decide(principal(), tool('x')).effect).toBe('deny');
  });
});

const names = ['read_file', 'write_file', 'move_file'];
const arbitraryRule = fc
  .record({
    effect: fc.constantFrom<PolicyRule['effect'][]>('allow', 'deny', 'approval'),
    groups: fc.subarray(['a', 'b']),
    servers: fc.subarray(['files', 'bill*']),
    tools: fc.subarray([...names, '*_file', 'w*']),
    methods: fc.subarray(['resources/*', 'prompts/get', '*']),
    risk: fc.constantFrom<PolicyRule['risk'][]>('high', 'low', null),
  })
  .map(({ effect, ...more }) => rule('r', effect, more));
const arbitraryCall = fc.record({
  server: fc.constantFrom('files', 'billing', 'other'),
  method: fc.constantFrom('tools/call', 'resources/read', 'prompts/get', 'initialize', 'tools/list', 'x/y'),
  target: fc.constantFrom(...names, null),
  args: fc.constant(none),
  at: fc.constant(somewhere.at),
  address: fc.constant(somewhere.address),
  tool: fc.constant(null),
});
const arbitraryPrincipal = fc.subarray(['a', 'b', 'c']).map((groups) => principal(...groups));
const arbitraryRules = fc.array(arbitraryRule, { maxLength: 6 });

describe('properties', () => {
  it('adding a deny rule never lets more through', () => {
    fc.assert(
      fc.property(
        arbitraryRules,
        arbitraryRule,
        fc.nat(6),
        arbitraryPrincipal,
        arbitraryCall,
        (rules, extra, at, who, call) => {
          const before = policy(...rules).decide(who, call).effect;
          const more = [...rules];
          more.splice(at, 0, { ...extra, effect: 'deny', approval: null });
          const after = policy(...more).decide(who, call).effect;
          expect(after === before || after === 'deny').toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('denies by default: only a covering allow or approval rule lets anything through', () => {
    fc.assert(
      fc.property(arbitraryRules, arbitraryPrincipal, arbitraryCall, (rules, who, call) => {
        const decision = policy(...rules).decide(who, call);
        const covering = rules.filter(
          (r) => r.effect !== 'deny' && (r.groups.length === 0 || r.groups.some((g) => who.groups.includes(g))),
        );
        if (covering.length === 0 || call.server === 'other') expect(decision.effect).toBe('deny');
        if (decision.effect !== 'deny') expect(decision.rule).not.toBeNull();
      }),
      { numRuns: 2000 },
    );
    expect(policy().decide(principal('a'), tool('read_file'))).toMatchObject({ effect: 'deny', rule: null });
  });

  it('decides the same each time, and whatever the order of the groups', () => {
    fc.assert(
      fc.property(arbitraryRules, arbitraryPrincipal, arbitraryCall, (rules, who, call) => {
        const one = policy(...rules);
        expect(policy(...rules).decide(who, call)).toEqual(one.decide(who, call));
        const turned = one.decide({ ...who, groups: who.groups.toReversed() }, call);
        expect({ ...turned, reason: '' }).toEqual({ ...one.decide(who, call), reason: '' });
      }),
    );
  });
});

describe('digest', () => {
  const base = [rule('a', 'allow', { groups: ['x'] }), rule('b', 'deny')];

  it('does not depend on the order of members', () => {
    const turned = base.map(({ id, effect, ...others }) => ({ ...others, effect, id }));
    expect(policy(...turned).digest).toBe(policy(...base).digest);
    expect(policy(...base).digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Partial<PolicyRule>]>([
    ['id', { id: 'z' }],
    ['effect', { effect: 'deny' }],
    ['approval', { approval: 'z' }],
    ['groups', { groups: [] }],
    ['servers', { servers: ['z'] }],
    ['tools', { tools: ['z'] }],
    ['methods', { methods: ['z'] }],
    ['risk', { risk: 'high' }],
  ])('changes with the %s of a rule', (_name, change) => {
    expect(policy(rule('a', 'allow', { groups: ['x'], ...change }), rule('b', 'deny')).digest).not.toBe(
      policy(...base).digest,
    );
  });

  it('changes with the order of rules and with an approval', () => {
    expect(policy(...base.toReversed()).digest).not.toBe(policy(...base).digest);
    expect(compilePolicy(base, ['files'], [{ ...twoEyes, min: 2 }]).digest).not.toBe(policy(...base).digest);
  });
});
