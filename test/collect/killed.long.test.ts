/** A collection that is killed again and again ends in the same tables as one that was left alone. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWarehouse } from '../../src/warehouse/open.js';
import { TABLES } from '../../src/warehouse/schema.js';
import { type S3Double, startS3Double } from '../aws/s3-double.js';
import { ROOT } from '../layers.js';
import { awsKeys, log, logName, record } from './fixtures.js';
import { Bucket } from './tampering.js';

const POINTS = Math.max(4, Math.round(20 * Number(process.env['COUNTERSIGN_LONG'] ?? '1')));

let dir: string;
let s3: S3Double;

const configuration = (): string => `version: 1
organization: { name: Example Inc }
gateway: { publicUrl: 'https://mcp.example.com', dataDir: ./data }
identity:
  issuers: [{ issuer: 'https://login.example.com', audience: a }]
servers:
  cloud: { stdio: { command: cloud } }
policy: []
ledger: { origin: example.com/mcp/gw-1 }
collect: { cloudtrail: [{ s3: { bucket: trail, region: eu-central-1, endpoint: '${s3.endpoint}', since: 3660d, concurrency: 4 } }] }
`;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-killed-'));
  s3 = await startS3Double();
  s3.keys = awsKeys;
  s3.latency = 2;
  const bucket = new Bucket(s3);
  for (let i = 0; i < 300; i++) {
    const key = logName('0310', `n${String(i).padStart(15, '0')}`);
    // Every fifth file holds copies of another's events, every fiftieth is damaged.
    const bytes = log(...Array.from({ length: 20 }, (_, n) => record(`e${i - (i % 5 === 4 ? 1 : 0)}-${n}`)));
    bucket.replace(key, i % 50 === 49 ? bytes.subarray(0, -3) : bytes);
  }
});
afterAll(async () => {
  await s3.close();
  rmSync(dir, { recursive: true });
});

/** Runs the command, killed after `ms` where that is given; resolves with its exit code or signal. */
const collect = async (name: string, ms?: number): Promise<number | string | null> => {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'bin/run.js'), 'collect', 'cloudtrail', '-c', join(dir, name, 'countersign.yaml')],
    {
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: 'AKIATEST',
        AWS_SECRET_ACCESS_KEY: 's',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
      stdio: 'ignore',
    },
  );
  const ended = new Promise<number | string | null>((resolve) =>
    child.on('exit', (code, signal) => resolve(code ?? signal)),
  );
  if (ms !== undefined) await Promise.race([ended, sleep(ms).then(() => child.kill('SIGKILL'))]);
  return ended;
};

/** When the bucket was listed stands in findings about the ends of chains, and differs between any two runs. */
const LISTED = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** Every table, row by row in one order. */
const exported = async (name: string): Promise<Readonly<Record<string, readonly string[]>>> => {
  const warehouse = await openWarehouse(join(dir, name, 'data/warehouse.duckdb'));
  const tables: Record<string, readonly string[]> = {};
  for (const { sql } of TABLES) {
    const table = /CREATE TABLE (\w+)/.exec(sql)?.[1] ?? '';
    const rows = await warehouse.query(`SELECT * FROM ${table} ORDER BY ALL`);
    const text = (row: object): string => JSON.stringify(row);
    tables[table] = rows.map((row) => (table === 'ct_finding' ? text(row).replaceAll(LISTED, '(listed)') : text(row)));
  }
  await warehouse.close();
  return tables;
};

const prepare = (): string => {
  const name = mkdtempSync(join(dir, 'run-')).slice(dir.length + 1);
  writeFileSync(join(dir, name, 'countersign.yaml'), configuration(), { mode: 0o600 });
  return name;
};

it(`killed at ${POINTS} points and repeated: the same tables, byte for byte`, { timeout: 600_000 }, async () => {
  const whole = prepare();
  const began = performance.now();
  expect(await collect(whole)).toBe(12);
  const first = performance.now() - began;
  expect(await collect(whole)).toBe(12);
  // A run that has nothing to fetch any more is shorter: half of the points lie within that.
  const again = performance.now() - began - first;
  const broken = prepare();
  const ends: (number | string | null)[] = [];
  for (let i = 0; i < POINTS; i++) {
    const length = i % 2 === 0 ? first : again;
    ends.push(await collect(broken, length * (0.2 + ((0.8 * (i * 0.618)) % 0.8))));
  }
  expect(ends.filter((end) => end === 'SIGKILL').length).toBeGreaterThan(POINTS / 4);
  expect(await collect(broken)).toBe(12);
  const [left, right] = [await exported(whole), await exported(broken)];
  expect(left['ct_event']?.length).toBeGreaterThan(4_000);
  for (const [table, rows] of Object.entries(left)) expect(right[table], table).toEqual(rows);
});
