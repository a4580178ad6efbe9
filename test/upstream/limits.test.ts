/** What one principal, or one loud server, can take of this machine. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { createUpstreams } from '../../src/upstream/open.js';
import { createStderrReader } from '../../src/upstream/stderr.js';
import { principalOf, stdioServer } from '../gateway/harness.js';

const IDLE = 'process.stdin.resume()';

test('a principal can start so many server processes and no more; one that ended leaves its place', async () => {
  const upstreams = createUpstreams({
    clock: systemClock(),
    maxResponseBytes: 1_024,
    secrets: new Map(),
    environment: process.env,
    gatewayKeys: null,
    onStderr: () => {},
    processLimits: { inAll: 3, perPrincipal: 2 },
  });
  const server = stdioServer('idle', '-e', [IDLE]);
  const open = (subject: string) => upstreams.open(server, { id: 'S', principal: principalOf(subject) });
  const first = await open('jane');
  const second = await open('jane');
  await expect(open('jane')).rejects.toMatchObject({ kind: 'refused' });
  const other = await open('joe');
  await expect(open('ann')).rejects.toThrow(/too many server processes/);
  await first.close();
  const third = await open('jane');
  await Promise.all([second, third, other].map((upstream) => upstream.close()));
  await upstreams.close();
});

test('a loud server fills no log: so many lines a minute, the rest counted', () => {
  let now = 0;
  const lines: string[] = [];
  const read = createStderrReader(
    (line) => lines.push(line),
    () => now,
  );
  for (let i = 0; i < 1_000; i++) read(`line ${i}\n`);
  expect(lines).toHaveLength(200);
  now = 60_000;
  read('again\n');
  expect(lines.slice(200)).toEqual(['(800 lines left out)', 'again']);
});

test('a line is cut, also one that never ends', () => {
  const lines: string[] = [];
  const read = createStderrReader(
    (line) => lines.push(line),
    () => 0,
  );
  for (let i = 0; i < 100; i++) read('x'.repeat(1_000));
  read('\n \nshort\n');
  expect(lines.map(({ length }) => length)).toEqual([4_096, 5]);
});
