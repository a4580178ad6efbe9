import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MASKED_KEYS } from '../../src/app/config/masking-schema.js';
import { expectedExceptions, makePlan, resolveArguments } from '../../src/demo/plan.js';
import { CLOUD_TOOLS, DEMO_APPROVALS, DEMO_POLICY } from '../../src/demo/world.js';
import { createMasker } from '../../src/masking/mask.js';
import type { Principal } from '../../src/model/principal.js';
import { compilePolicy } from '../../src/policy/compile.js';

const seeds = fc.integer({ min: 0, max: 1_000_000 });
const planned = (check: (plan: ReturnType<typeof makePlan>) => void, numRuns = 60): void =>
  fc.assert(
    fc.property(seeds, (seed) => {
      check(makePlan(seed));
    }),
    { numRuns },
  );

const policy = compilePolicy(
  DEMO_POLICY.map((rule) => ({
    id: rule.id,
    effect: 'deny' in rule ? 'deny' : 'allow' in rule ? 'allow' : 'approval',
    approval: 'approval' in rule ? rule.approval : null,
    groups: 'groups' in rule ? rule.groups : [],
    servers: rule.servers,
    tools: rule.tools,
    methods: [],
    risk: null,
  })),
  ['everything', 'files', 'cloud'],
  Object.entries(DEMO_APPROVALS).map(([name, { reviewers, min, requireReason }]) => ({
    name,
    reviewers,
    min,
    requireReason,
    deadline: 900_000,
  })),
);

const principal = (id: string, groups: readonly string[], kind: Principal['kind']): Principal => ({
  issuer: 'http://127.0.0.1:1',
  subject: id,
  kind,
  groups,
  clientId: null,
  actor: null,
  amr: [],
  acr: null,
  authTime: null,
  tokenId: 'hs256:00000000:00',
  expiresAt: 0,
  name: null,
  email: null,
});

describe('makePlan', () => {
  it('gives the same plan for the same seed, and others for others', () => {
    planned((plan) => expect(makePlan(plan.seed)).toEqual(plan), 20);
    expect(new Set([1, 2, 3, 4].map((seed) => JSON.stringify(makePlan(seed)))).size).toBe(4);
  });

  it('has calls of every kind, each as the policy decides it', () => {
    planned((plan) => {
      const kinds = new Set(plan.calls.map(({ expect: outcome }) => outcome));
      expect([...kinds]).toEqual(expect.arrayContaining(['ok', 'denied', 'approved']));
      expect(new Set(plan.calls.map(({ key }) => key)).size).toBe(plan.calls.length);
      for (const call of plan.calls) {
        const person = plan.people.find(({ id }) => id === call.by);
        const who = person ?? plan.agent;
        expect(who.id).toBe(call.by);
        const { effect } = policy.decide(principal(who.id, who.groups, person ? 'human' : 'workload'), {
          server: call.server,
          method: 'tools/call',
          target: call.tool,
          args: () => ({}),
          at: 0,
          address: '127.0.0.1',
          tool: null,
        });
        const effects = { ok: 'allow', denied: 'deny', approved: 'require_approval', rejected: 'require_approval' };
        expect([call.key, call.tool, effect]).toEqual([call.key, call.tool, effects[call.expect]]);
      }
    });
  });

  it('lets leads review, and refuses each request of one’s own', () => {
    planned((plan) => {
      const leads = plan.people.filter(({ groups }) => groups.includes('platform-leads')).map(({ id }) => id);
      const reviewed = plan.calls.filter(({ reviews }) => reviews.length > 0);
      for (const { by, reviews, expect: outcome } of reviewed) {
        for (const review of reviews) {
          expect(leads).toContain(review.by);
          expect(review.outcome).toBe(review.by === by ? 'refused' : 'accepted');
        }
        expect(outcome).toBe(reviews.at(-1)?.verdict === 'approve' ? 'approved' : 'rejected');
      }
      expect(reviewed.some(({ by, reviews }) => reviews.some((review) => review.by === by))).toBe(true);
    });
  });

  it('plants secrets where some call meets them', () => {
    planned((plan) => {
      const places = JSON.stringify([plan.files, plan.vault, plan.calls]);
      for (const { value } of plan.secrets) expect(places).toContain(value);
      expect(new Set(plan.secrets.map(({ value }) => value)).size).toBe(plan.secrets.length);
      expect(plan.calls.some(({ tool, args }) => tool === 'get_secret' && String(args['name']) in plan.vault)).toBe(
        true,
      );
      const paths = plan.calls.map(({ args }) => args['path']);
      expect(paths).toContain(`FOLDER/${plan.files[0]?.path}`);
      const emails = plan.people.map(({ email }) => email);
      for (const email of emails) expect(email).toMatch(/^[a-z.]+@demo\.invalid$/);
      expect(plan.secrets.some(({ value }) => emails.includes(value))).toBe(false);
    });
  });

  it('plants violations within bounds, that no call of the plan explains', () => {
    const mapped = Object.values(CLOUD_TOOLS).flatMap((events) => events.map(({ event }) => event));
    planned((plan) => {
      const { bypasses, stopLogging, unexplained, missingEffect } = plan.violations;
      expect(bypasses.length).toBeGreaterThanOrEqual(1);
      expect(bypasses.length).toBeLessThanOrEqual(3);
      expect(unexplained.length).toBeLessThanOrEqual(2);
      const operations = [
        ...bypasses.flatMap(({ operations: list }) => list),
        ...unexplained.map((one) => one.operation),
      ];
      for (const { service, name } of operations) expect(mapped).not.toContain(`${service}.amazonaws.com:${name}`);
      for (const { user } of [...bypasses, stopLogging]) expect(plan.users).toContain(user);
      for (const { person } of unexplained) {
        expect(
          plan.calls.some(({ by, server, expect: outcome }) => by === person && server === 'cloud' && outcome === 'ok'),
        ).toBe(true);
      }
      if (missingEffect === null) return;
      const call = plan.calls.find(({ key }) => key === missingEffect);
      expect(call).toMatchObject({ tool: 'stop_instance', expect: 'approved' });
      expect(plan.calls.filter(({ connection }) => connection === call?.connection)).toHaveLength(1);
      const stopped = plan.calls.filter(({ tool }) => tool === 'stop_instance').map(({ args }) => args['instanceId']);
      expect(new Set(stopped).size).toBe(stopped.length);
    });
  });

  it('varies what is planted', () => {
    const plans = Array.from({ length: 60 }, (_, seed) => makePlan(seed));
    const seen = (of: (plan: (typeof plans)[number]) => unknown): number => new Set(plans.map(of)).size;
    expect(seen(({ violations }) => violations.bypasses.length)).toBe(3);
    expect(seen(({ violations }) => violations.unexplained.length)).toBe(3);
    expect(seen(({ violations }) => violations.missingEffect === null)).toBe(2);
    expect(seen(({ violations }) => violations.stopLogging.by)).toBe(2);
    expect(seen(({ people }) => people[0]?.name)).toBeGreaterThan(10);
    expect(seen(({ calls }) => calls.length)).toBeGreaterThan(5);
  });
});

it('plants nothing that masking misses, in answers and arguments', () => {
  const mask = createMasker({ name: 'default', detectors: ['secrets', 'personal'], keys: [...DEFAULT_MASKED_KEYS] });
  planned((plan) => {
    const texts = [...plan.files.map(({ content }) => content), ...Object.values(plan.vault)];
    const answers = texts.map((text) => ({ result: { content: [{ type: 'text', text }] } }));
    const structured = Object.values(plan.vault).map((value) => ({ result: { structuredContent: JSON.parse(value) } }));
    const requests = plan.calls.map(({ tool, args }) => ({ params: { name: tool, arguments: args } }));
    const documents = [...answers, ...structured, ...requests].map((value) => Buffer.from(JSON.stringify(value)));
    const delivered = documents.map((document) => mask(document).bytes.toString()).join('\n');
    for (const { value } of plan.secrets) expect(delivered).not.toContain(value);
    for (const { path } of plan.files.slice(1)) expect(delivered).toContain(path.slice(9, -3));
  });
});

describe('resolveArguments', () => {
  it('puts the folder in at the start of a string alone', () => {
    const [call] = makePlan(1).calls;
    if (!call) throw new Error('no call');
    const args = { path: 'FOLDER/a.md', content: 'the FOLDER/x', other: 'FOLDERS', n: 1 };
    expect(resolveArguments({ ...call, args }, '/tmp/$&')).toEqual({ ...args, path: '/tmp/$&/a.md' });
  });
});

describe('expectedExceptions', () => {
  const happened = {
    bypassed: ['b1', 'b2'],
    unexplained: ['u'],
    longLived: ['b1'],
    newCredentials: ['b2'],
    missingEffects: ['call'],
  };
  it('counts the attempt to stop logging with the governed role as a bypass too', () => {
    const outside = expectedExceptions({ ...happened, stopLogging: { eventId: 's', withGovernedRole: true } });
    expect(outside.get('CS-NET-01')).toEqual(new Set(['b1', 'b2', 'u', 's']));
    const user = expectedExceptions({ ...happened, stopLogging: { eventId: 's', withGovernedRole: false } });
    expect(user.get('CS-NET-01')).toEqual(new Set(['b1', 'b2', 'u']));
    expect(user.get('CS-TRL-01')).toEqual(new Set(['s']));
    expect(user.get('CS-EFF-01')).toEqual(new Set(['call']));
  });
});
