import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimits } from '../../src/gateway/limits.js';
import type { RequestLimits } from '../../src/model/settings.js';
import { httpServer, principalOf, rule, startHarness, stdioServer } from './harness.js';
import { openSession, raw, rpc } from './raw.js';

const jane = principalOf('jane');
const server = httpServer('files', 'http://127.0.0.1:1/mcp');
const stand = (limits: RequestLimits) => {
  let now = 0;
  const { enter } = createLimits(limits, { monotonic: () => now });
  return { enter, pass: (ms: number) => (now += ms) };
};

describe('requests of one principal to one server', () => {
  it('are refused beyond those of a minute, with the time to wait, and let in evenly again', () => {
    const { enter, pass } = stand({ perMinute: 3, concurrent: 10 });
    for (let i = 0; i < 3; i++) enter(jane, server)();
    expect(() => enter(jane, server)).toThrow(
      'Too many requests: this server takes 3 requests a minute from you; try again in 20 s',
    );
    pass(20_000);
    enter(jane, server)();
    expect(() => enter(jane, server)).toThrow('Too many requests');
  });

  it('are counted apart from those of others, and of other servers', () => {
    const { enter } = stand({ perMinute: 1, concurrent: 10 });
    enter(jane, server)();
    enter(principalOf('joe'), server)();
    enter(jane, { ...server, id: 'billing' })();
    enter(jane, { ...server, id: 'cloud', limits: { perMinute: null, concurrent: 1 } })();
    enter(jane, { ...server, id: 'cloud', limits: { perMinute: null, concurrent: 1 } })();
    expect(() => enter(jane, server)).toThrow('Too many requests');
  });

  it('are refused where too many are under way, until one is over', () => {
    const { enter } = stand({ perMinute: null, concurrent: 2 });
    const leave = enter(jane, server);
    enter(jane, server);
    expect(() => enter(jane, server)).toThrow('this server takes 2 requests at once from you; wait for an answer');
    leave();
    enter(jane, server);
    expect(() => enter(jane, server)).toThrow('Too many requests');
  });

  it('never exceed what a bucket of a minute lets through', () => {
    const steps = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 30_000 }), n: fc.integer({ min: 0, max: 8 }) }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (perMinute, plan) => {
        const { enter, pass } = stand({ perMinute, concurrent: 1_000 });
        let [passed, elapsed] = [0, 0];
        for (const { wait, n } of plan) {
          pass(wait);
          elapsed += wait;
          for (let i = 0; i < n; i++) {
            try {
              enter(jane, server)();
              passed++;
            } catch {
              // Refused: that is what is counted.
            }
          }
          expect(passed).toBeLessThanOrEqual(perMinute + (elapsed * perMinute) / 60_000 + 1e-6);
        }
      }),
    );
  });

  it('do not fill the memory: nobody new is let in where too many are told apart', () => {
    const { enter, pass } = stand({ perMinute: 1, concurrent: 1 });
    for (let i = 0; i < 10_000; i++) enter(principalOf(`u${i}`), server)();
    expect(() => enter(jane, server)).toThrow('too many people use this gateway at once');
    pass(60_000);
    enter(jane, server);
  });
});

it('a client that asks too much is told so in an answer, and it is on record', async () => {
  const fixture = stdioServer('fixture', join(import.meta.dirname, 'fixture-server.mjs'));
  const harness = await startHarness({
    servers: [{ ...fixture, limits: { perMinute: 2, concurrent: 5 } }],
    policy: [rule({ id: 'all' })],
  });
  try {
    const url = `${harness.url}/fixture/mcp`;
    const headers = await openSession(url, 'jane');
    await raw(url, { headers, body: rpc(1, 'tools/list') });
    const { status, body } = await raw(url, { headers, body: rpc(2, 'tools/list') });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ id: 2, error: { code: -31008 } });
    const refused = (await harness.entries()).filter(({ type }) => type === 'refuse');
    expect(refused.map(({ d }) => d['reason'])).toEqual(['rate_limited']);
    expect(harness.defects).toEqual([]);
  } finally {
    await harness.close();
  }
});
