import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { untilStopped } from '../../src/cli/follow.js';
import { callDraft, openSample } from '../ledger/samples.js';

const bin = join(import.meta.dirname, '../../bin/run.js');
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-follow-'));
  const ledger = await openSample({ dir });
  // More than a pipe holds, so that the program is still writing when its reader goes.
  for (let n = 0; n < 300; n++) await ledger.append(callDraft(n, { forwarded: false }));
  await ledger.close('test');
});
afterAll(() => rmSync(dir, { recursive: true }));

test('a ledger that is followed ends with its reader, as before `head`', async () => {
  const child = spawn(process.execPath, [bin, 'ledger', 'tail', dir, '--follow', '-n', '1000', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await ended).toEqual([0, null]);
}, 30_000);

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it', (name) => {
  const { signal, done } = untilStopped(new PassThrough());
  process.emit(name);
  expect(signal.aborted).toBe(true);
  done();
});
