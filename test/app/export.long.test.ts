/** Exports to receivers as they are installed elsewhere, killed and started again in the middle: nothing is lost. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { exportRecords } from '../../src/app/export.js';
import { systemClock } from '../../src/base/clock.js';
import { openLedger } from '../../src/ledger/append.js';
import { ledgerDir } from '../../src/ledger/folder.js';
import type { OpenedLedger } from '../../src/ledger/opening.js';
import { radosgwMissing, startRadosgw } from '../aws/radosgw.js';
import { freePort } from '../gateway/harness.js';
import { GOOD } from './config/example.js';

const RECORDS = Math.ceil(20_000 * Number(process.env['COUNTERSIGN_LONG'] ?? 1));
const KILLS = 5;

let dir: string;
let ledger: OpenedLedger;

const settingsWith = async (target: string) => {
  await writeFile(join(dir, 'countersign.yaml'), `${GOOD}export: { siem: ${target} }\n`);
  return loadSettings(join(dir, 'countersign.yaml'), {});
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-receivers-'));
  const { ledger: about, gateway } = await settingsWith('{ file: out.ndjson }');
  const { privateKey: key } = generateKeyPairSync('ed25519');
  const { origin } = about;
  ledger = await openLedger({
    dir: ledgerDir(gateway.dataDir, origin),
    origin,
    key,
    clock: systemClock(),
    heartbeat: 0,
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await ledger.close('test over');
  await rm(dir, { recursive: true, force: true });
});

/** Appends all records while the receiver is killed again and again. */
const appendAll = async (restart: () => Promise<void>): Promise<void> => {
  for (let count = 0; count < RECORDS; count++) {
    const d = { reason: 'batch', principal: null, address: '203.0.113.7', server: null, count };
    await ledger.append({ type: 'refuse', d });
    if (count % Math.ceil(RECORDS / KILLS) === Math.ceil(RECORDS / KILLS / 2)) await restart();
  }
};

/** How many of the records a text holds, each counted once. */
const distinct = (text: string): number =>
  new Set([...text.matchAll(/\\?"reason\\?":\\?"batch\\?".*?\\?"count\\?":(\d+)/g)].map(([, count]) => count)).size;

const RSYSLOG = `
global(workDirectory="DIR" maxMessageSize="64k" defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="DIR/r.pem" defaultNetstreamDriverCertFile="DIR/r.pem" defaultNetstreamDriverKeyFile="DIR/r.key")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="raw" type="string" string="%msg%\\n")
input(type="imtcp" address="127.0.0.1" port="PORT")
action(type="omfile" file="DIR/received.log" template="raw")
`;

const hasRsyslog = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd'].some((path) => existsSync(path));

test(`${RECORDS} records to rsyslog over TLS, killed ${KILLS} times`, async ({ skip }) => {
  if (!hasRsyslog) skip('rsyslog with its gtls driver is not installed: apt-get install rsyslog rsyslog-gnutls');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-keyout', 'r.key', '-out', 'r.pem', '-subj', '/CN=r', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...request, ...names], { cwd: dir, stdio: 'pipe' });
  const port = await freePort();
  const config = join(dir, 'rsyslog.conf');
  await writeFile(config, RSYSLOG.replaceAll('DIR', dir).replace('PORT', String(port)));
  const start = (): ChildProcess =>
    spawn('rsyslogd', ['-n', '-f', config, '-i', join(dir, 'pid')], { stdio: 'ignore' });
  let receiver = start();
  const end = async (): Promise<void> => {
    const gone = once(receiver, 'exit');
    receiver.kill('SIGKILL');
    await gone;
    await rm(join(dir, 'pid'), { force: true });
  };
  const settings = await settingsWith(`{ format: ndjson, syslog: { host: 127.0.0.1, port: ${port}, ca: r.pem } }`);
  const ending = new AbortController();
  const running = exportRecords(settings, { name: 'siem', follow: ending.signal, onProblem: () => {} });
  await appendAll(async () => {
    await sleep(600);
    await end();
    receiver = start();
  });
  const received = (): Promise<string> => readFile(join(dir, 'received.log'), 'utf8').catch(() => '');
  await expect.poll(async () => distinct(await received()), { timeout: 120_000, interval: 500 }).toBe(RECORDS);
  ending.abort();
  await running;
  await end();
});

test(`${RECORDS} records to an OTLP receiver, killed ${KILLS} times`, async () => {
  const port = await freePort();
  const bodies: string[] = [];
  // opentelemetry-proto, collector/logs/v1: POST /v1/logs; an answer of 200 is the receiver's word that it has them.
  const start = async (): Promise<Server> => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (!server.listening) return;
        bodies.push(Buffer.concat(chunks).toString('utf8'));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let receiver = await start();
  const end = async (): Promise<void> => {
    receiver.closeAllConnections();
    receiver.close();
    await once(receiver, 'close');
  };
  const settings = await settingsWith(`{ format: ndjson, otlp: { url: 'http://127.0.0.1:${port}/v1/logs' } }`);
  const ending = new AbortController();
  const running = exportRecords(settings, { name: 'siem', follow: ending.signal, onProblem: () => {} });
  await appendAll(async () => {
    await end();
    await sleep(300);
    receiver = await start();
  });
  await expect.poll(() => distinct(bodies.join('\n')), { timeout: 120_000, interval: 500 }).toBe(RECORDS);
  ending.abort();
  await running;
  await end();
});

const noRadosgw = radosgwMissing();

test(`${RECORDS} records to a bucket, in two runs that overlap nothing`, async ({ skip }) => {
  if (noRadosgw !== null) skip(noRadosgw);
  const server = await startRadosgw();
  const client = server.client();
  const Bucket = 'siem';
  await client.send(new CreateBucketCommand({ Bucket }));
  const environment = {
    AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const target = `{ format: ndjson, s3: { bucket: ${Bucket}, region: us-east-1, endpoint: '${server.endpoint}' } }`;
  const settings = await settingsWith(target);
  const ask = { name: 'siem', onProblem: () => {} };
  let runs = 0;
  await appendAll(async () => {
    const { sent } = await exportRecords(settings, ask);
    if (sent > 0) runs++;
  });
  await exportRecords(settings, ask);
  const { Contents: objects = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const counts: number[] = [];
  for (const { Key } of objects.toSorted((a, b) => ((a.Key ?? '') < (b.Key ?? '') ? -1 : 1))) {
    expect(Key).toMatch(/^countersign-export\/example\.com\/mcp\/gw-1\/\d{4}\/\d\d\/\d\d\/\d{16}-\d{16}\.ndjson\.gz$/);
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    const text = gunzipSync((await Body?.transformToByteArray()) ?? Buffer.alloc(0)).toString('utf8');
    const lines = text.trimEnd().split('\n');
    counts.push(...lines.flatMap((line) => [...line.matchAll(/"count":(\d+)/g)].map(([, count]) => Number(count))));
  }
  expect(counts).toEqual(Array.from({ length: RECORDS }, (_, i) => i));
  expect(runs).toBe(KILLS);
  client.destroy();
  await server.close();
});
