/** Many retries that race for one grant, through the HTTP API of a running gateway. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { principalOf, rule, startHarness, stdioServer } from './harness.js';
import { openSession, raw, toolCall } from './raw.js';

/** Calls of one session under way at once. */
const PER_SESSION = 200;

/** How often the call reached the server, how often its use is on record, and how many clients got an answer. */
export const raceForGrant = async (retries: number) => {
  const log = join(mkdtempSync(join(tmpdir(), 'countersign-retries-')), 'calls.log');
  writeFileSync(log, '');
  const harness = await startHarness({
    servers: [stdioServer('fixture', join(import.meta.dirname, 'fixture-server.mjs'), [], { FIXTURE_LOG: log })],
    policy: [rule({ id: 'wipe', effect: 'approval', approval: 'two-eyes', tools: ['wipe'] }), rule({ id: 'all' })],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 600_000, requireReason: false }],
    gateway: { approvalHold: 50 },
  });
  try {
    const url = `${harness.url}/fixture/mcp`;
    const sessions = await Promise.all(
      Array.from({ length: Math.ceil(retries / PER_SESSION) }, () => openSession(url)),
    );
    await raw(url, { headers: sessions[0] ?? {}, body: toolCall('first', 'wipe', { path: '/a' }) });
    const id = harness.approvals.list()[0]?.id ?? '';
    await harness.approvals.decide(id, principalOf('lead', ['leads']), 'approve', null, '');
    const answers = await Promise.all(
      Array.from({ length: retries }, (_, i) =>
        raw(url, {
          headers: sessions[i % sessions.length] ?? {},
          body: toolCall(`r${i}`, 'wipe', { path: '/a' }),
        }),
      ),
    );
    const entries = await harness.entries();
    const uses = entries.filter(({ type, d }) => type === 'approval' && d['event'] === 'consumed');
    const forwarded = entries.filter(
      ({ type, d }) => type === 'call' && d['target'] === 'wipe' && d['forwarded'] === true,
    );
    const runs = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('wipe'));
    const answered = answers.filter(({ status }) => status === 200).length;
    return { runs: runs.length, uses: uses.length, forwarded: forwarded.length, answered, defects: harness.defects };
  } finally {
    await harness.close();
  }
};
