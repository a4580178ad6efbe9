/**
 * Durable appends to a ledger, closed loop: N callers each wait for their receipt before the next record.
 * One JSON line per load: records per second, latency, CPU per record, and that CPU as a multiple of what SHA-256
 * alone needs for the bytes of one record on this machine at this moment.
 */
import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../dist/base/clock.js';
import { realFiles } from '../dist/base/durable.js';
import { openLedger } from '../dist/ledger/append.js';
import { listSegments } from '../dist/ledger/folder.js';
import { createSigningKey } from '../dist/ledger/keys.js';
import { measureStart } from './ledger/start.js';
import { measureVerify } from './ledger/verify.js';

const SECONDS = 3;
const ID = '01JDEXAMPLE000000000000000';

/** About 1 KB on disk: an intent with masked arguments. */
const draft = {
  type: 'call',
  d: {
    call: ID,
    session: ID,
    principal: {
      iss: 'https://example.okta.com/oauth2/default',
      sub: '00u1abcdefgh',
      kind: 'human',
      groups: ['engineering', 'platform-leads'],
      client_id: 'countersign-cli',
      act: null,
      amr: ['pwd', 'mfa'],
      acr: null,
      token: `hs256:01234567:${'a'.repeat(64)}`,
      exp: 1_790_000_000,
    },
    server: 'files',
    method: 'tools/call',
    target: 'read_file',
    forwarded: false,
    args: `hs256:01234567:${'b'.repeat(64)}`,
    redactions: {},
    definition: 'c'.repeat(64),
    decision: { effect: 'allow', rule: 'engineers-read', policy: 'd'.repeat(64), reason: 'rule' },
    approval: null,
    risk: 'low',
    credential: null,
    trace: null,
  },
  payloads: { args: '{"path":"/srv/files/readme.md"}' },
};

/** CPU of one SHA-256 of OpenSSL over so many bytes, microseconds. */
const hashMicros = (length) => {
  const bytes = Buffer.alloc(length, 0x61);
  const rounds = 200_000;
  const cpu = process.cpuUsage();
  for (let i = 0; i < rounds; i++) hash('sha256', bytes, 'hex');
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / rounds;
};

const measure = async (inFlight) => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const key = await createSigningKey(join(dir, 'key'));
  const ledger = await openLedger({
    dir: join(dir, 'ledger'),
    origin: 'example.com/bench',
    key,
    clock: systemClock(),
    heartbeat: 0,
    rotate: { bytes: 64 * 1024 * 1024, age: 3_600_000 },
  });
  const latencies = [];
  const end = performance.now() + SECONDS * 1000;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const caller = async () => {
    for (let from = performance.now(); from < end; ) {
      await ledger.append(draft);
      const now = performance.now();
      latencies.push(now - from);
      from = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await ledger.close('bench');
  const segments = await listSegments(ledger.dir, realFiles);
  const bytes = Math.round(segments.reduce((sum, { size }) => sum + size, 0) / latencies.length);
  await rm(dir, { recursive: true });
  latencies.sort((a, b) => a - b);
  const at = (share) => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(3));
  return {
    inFlight,
    recordsPerSecond: Math.round(latencies.length / seconds),
    bytesPerRecord: bytes,
    p50ms: at(0.5),
    p99ms: at(0.99),
    cpuMicrosPerRecord: Number(((user + system) / latencies.length).toFixed(1)),
    timesSha256: Number(((user + system) / latencies.length / hashMicros(bytes)).toFixed(1)),
  };
};

const print = (figures) => process.stdout.write(`${JSON.stringify(figures)}\n`);
// COUNTERSIGN_BENCH_RECORDS: how many to verify. Ten million take about 12 GB of the disk.
const records = Number(process.env['COUNTERSIGN_BENCH_RECORDS'] ?? '1000000');
for (const inFlight of [1, 16, 64, 512]) print(await measure(inFlight));
// 1 KB and a little on disk, with payload, link and its share of checkpoints.
const { definition: _definition, args: _args, ...rest } = draft.d;
for (const batch of [64, 512]) print(await measureVerify(records, batch, { ...draft, d: rest }));
// COUNTERSIGN_BENCH_START: how many the ledger holds that is opened.
print(await measureStart(Number(process.env['COUNTERSIGN_BENCH_START'] ?? '1000000'), draft));
