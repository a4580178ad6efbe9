/** Exports of a real ledger to receivers that go away and come back: nothing is lost, and nothing is out of order. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { exportRecords, printedRecords } from '../../src/app/export.js';
import { createBookmark } from '../../src/app/export-cursor.js';
import { systemClock } from '../../src/base/clock.js';
import { openLedger } from '../../src/ledger/append.js';
import { ledgerDir } from '../../src/ledger/folder.js';
import type { OpenedLedger } from '../../src/ledger/opening.js';
import { freePort } from '../gateway/harness.js';
import { GOOD } from './config/example.js';

let dir: string;
let ledger: OpenedLedger;
const key = generateKeyPairSync('ed25519').privateKey;

const settingsWith = async (target: string) => {
  await writeFile(join(dir, 'countersign.yaml'), `${GOOD}export: { siem: ${target} }\n`);
  return loadSettings(join(dir, 'countersign.yaml'), {});
};

const open = async (): Promise<OpenedLedger> => {
  const settings = await settingsWith('{ file: out.ndjson }');
  const { origin } = settings.ledger;
  const folder = ledgerDir(settings.gateway.dataDir, origin);
  return openLedger({ dir: folder, origin, key, clock: systemClock(), heartbeat: 0 });
};

/** Refusals, numbered by their count, so that each can be told from the others. */
const append = async (from: number, to: number): Promise<void> => {
  for (let count = from; count < to; count++) {
    const d = { reason: 'batch', principal: null, address: '203.0.113.7', server: null, count };
    await ledger.append({ type: 'refuse', d });
  }
};
const countsIn = (lines: readonly string[]): readonly number[] =>
  lines.map((line) => JSON.parse(line)).flatMap(({ type, d }) => (type === 'refuse' ? [Number(d.count)] : []));
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const onProblem = (): void => {};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-export-'));
  ledger = await open();
});
afterEach(async () => {
  await ledger.close('test over');
  await rm(dir, { recursive: true, force: true });
});

describe('an export', () => {
  it('goes on where it stood, without repeating', async () => {
    const settings = await settingsWith('{ format: ndjson, file: out.ndjson }');
    await append(0, 5);
    expect(await exportRecords(settings, { name: 'siem', onProblem })).toMatchObject({ refused: 0 });
    await append(5, 8);
    await exportRecords(settings, { name: 'siem', onProblem });
    const again = await exportRecords(settings, { name: 'siem', onProblem });
    expect(again.sent).toBe(0);
    const lines = (await readFile(join(dir, 'out.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(countsIn(lines)).toEqual(upTo(8));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ seq: 0, type: 'seg', origin: 'example.com/mcp/gw-1' });
  });

  it('follows, and ends when told', async () => {
    const settings = await settingsWith('{ format: ndjson, file: out.ndjson }');
    const ending = new AbortController();
    let sent = 0;
    const running = exportRecords(settings, {
      name: 'siem',
      follow: ending.signal,
      onProblem,
      onSent: (n) => (sent = n),
    });
    await append(0, 3);
    await expect.poll(() => sent, { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
    await append(3, 6);
    await expect.poll(() => sent, { timeout: 10_000 }).toBeGreaterThanOrEqual(7);
    ending.abort();
    await running;
    const lines = (await readFile(join(dir, 'out.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(countsIn(lines)).toEqual(upTo(6));
  });

  it('waits for a receiver that is away, and keeps what it refuses for good', async () => {
    const port = await freePort();
    const settings = await settingsWith(
      `{ format: ndjson, splunk: { url: 'http://127.0.0.1:${port}/x', token: { file: hec } } }`,
    );
    await writeFile(join(dir, 'hec'), 'a-token-of-the-collector\n', { mode: 0o600 });
    await append(0, 4);
    const problems: (string | null)[] = [];
    const running = exportRecords(settings, { name: 'siem', onProblem: (problem) => problems.push(problem) }, {});
    await expect.poll(() => problems.length).toBe(1);
    const taken: number[] = [];
    const server: Server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const events = Buffer.concat(chunks)
          .toString('utf8')
          .split('\n')
          .map((line) => JSON.parse(line).event);
        const bad = events.some(({ type, d }) => type === 'refuse' && d.count === 2);
        if (!bad) taken.push(...events.flatMap(({ type, d }) => (type === 'refuse' ? [d.count] : [])));
        response.writeHead(bad ? 400 : 200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const done = await running;
    await new Promise((resolve) => server.close(resolve));
    expect(problems.at(-1)).toBeNull();
    expect(taken).toEqual([0, 1, 3]);
    expect(done.refused).toBe(1);
    const dead = await readFile(done.deadLetters, 'utf8');
    expect(JSON.parse(dead)).toMatchObject({ problem: 'the collector answered 400', event: { d: { count: 2 } } });
    expect(dead).not.toContain('a-token-of-the-collector');
  });

  it('loses nothing where a syslog receiver dies in the middle', async () => {
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const names = ['-keyout', 'r.key', '-out', 'r.pem', '-subj', '/CN=r', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', [...request, ...names, '-days', '2'], { cwd: dir, stdio: 'pipe' });
    const [cert, tlsKey] = [await readFile(join(dir, 'r.pem')), await readFile(join(dir, 'r.key'))];
    const port = await freePort();
    const settings = await settingsWith(`{ format: ndjson, syslog: { host: 127.0.0.1, port: ${port}, ca: r.pem } }`);
    const received: Buffer[] = [];
    const startReceiver = async () => {
      const sockets = new Set<TLSSocket>();
      const server = createTlsServer({ cert, key: tlsKey }, (socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('data', (chunk: Buffer) => received.push(chunk));
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      return () =>
        new Promise<void>((resolve) => {
          for (const socket of sockets) socket.destroy();
          server.close(() => resolve());
        });
    };
    const counts = (): ReadonlySet<number> => {
      const found = Buffer.concat(received)
        .toString('utf8')
        .matchAll(/"type":"refuse".*?"count":(\d+)/g);
      return new Set([...found].map(([, count]) => Number(count)));
    };
    const ending = new AbortController();
    let kill = await startReceiver();
    const running = exportRecords(settings, { name: 'siem', follow: ending.signal, onProblem });
    await append(0, 5);
    await expect.poll(() => counts().size, { timeout: 10_000 }).toBe(5);
    await kill();
    received.length = 0;
    await append(5, 10);
    kill = await startReceiver();
    await append(10, 12);
    // What went out shortly before the end comes again, with all that followed.
    await expect.poll(() => [...counts()].toSorted((a, b) => a - b), { timeout: 20_000 }).toEqual(upTo(12));
    ending.abort();
    await running;
    await kill();
  });

  it('stops where the history before its cursor is another one', async () => {
    const settings = await settingsWith('{ file: out.ndjson }');
    await append(0, 2);
    await exportRecords(settings, { name: 'siem', onProblem });
    const file = join(settings.gateway.dataDir, 'export', 'siem.cursor.json');
    const cursor = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...cursor, leaf: '0'.repeat(64) }));
    const again = () => exportRecords(settings, { name: 'siem', onProblem });
    await expect(again()).rejects.toMatchObject({ code: 'EXPORT_CURSOR', exit: 12 });
    await writeFile(file, 'not a cursor');
    await expect(again()).rejects.toMatchObject({ code: 'EXPORT_CURSOR' });
  });

  it('stops where the ledger ends before its cursor, or was pruned behind it', async () => {
    const settings = await settingsWith('{ file: out.ndjson }');
    await append(0, 2);
    await exportRecords(settings, { name: 'siem', onProblem });
    const file = join(settings.gateway.dataDir, 'export', 'siem.cursor.json');
    const cursor = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...cursor, seq: cursor.seq + 1 }));
    const again = exportRecords(settings, { name: 'siem', onProblem });
    await expect(again).rejects.toMatchObject({
      code: 'EXPORT_CURSOR',
      exit: 12,
      message: expect.stringContaining('the ledger ends before it'),
    });
    const bookmark = () => createBookmark({ ...cursor, seq: 3 }, cursor.origin, 'siem', dir);
    expect(bookmark().isPast({ seq: 4, leaf: '' })).toBe(false);
    expect(() => bookmark().isPast({ seq: 5, leaf: '' })).toThrow('pruned before they were sent');
    expect(() => createBookmark(cursor, 'example.com/other', 'siem', dir)).toThrow('it was of example.com/mcp/gw-1');
  });

  it('is refused by a name that the configuration does not have', async () => {
    const settings = await settingsWith('{ file: out.ndjson }');
    await expect(exportRecords(settings, { name: 'other', onProblem })).rejects.toThrow('the configuration has: siem');
  });
});

it('records are printed as events', async () => {
  await append(0, 1);
  const lines: string[] = [];
  for await (const line of printedRecords(await settingsWith('{ file: x }'), 'ocsf')) lines.push(line);
  expect(lines.map((line) => JSON.parse(line).class_uid)).toEqual([6003]);
});
