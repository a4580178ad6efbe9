import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askControl, type ControlActions, serveControl } from '../../src/app/ledger-control.js';
import { CountersignError } from '../../src/base/errors.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-control-'));
});
afterEach(() => rm(dir, { recursive: true }));

const actions: ControlActions = {
  echo: async (ask) => ({ ask }),
  refuse: async () => {
    throw new CountersignError('LEDGER_BUSY', { bytes: 7 });
  },
  break: async () => {
    throw new Error('it broke');
  },
};

test('answers come back, and what was thrown is thrown again', async () => {
  const control = await serveControl(dir, actions);
  expect(await askControl(dir, 'echo', { text: 'ü', n: [1, null] })).toEqual({ ask: { text: 'ü', n: [1, null] } });
  await expect(askControl(dir, 'refuse', null)).rejects.toMatchObject({ code: 'LEDGER_BUSY', details: { bytes: 7 } });
  await expect(askControl(dir, 'break', null)).rejects.toMatchObject({ code: 'CONTROL_FAILED' });
  await expect(askControl(dir, 'unknown', null)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(askControl(dir, 'toString', null)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(askControl(dir, 'echo', 'x'.repeat(2_500_000))).rejects.toMatchObject({ code: 'CONTROL_FAILED' });
  await control.close();
});

test('the socket is for its owner alone, and gone after close', async () => {
  const control = await serveControl(dir, actions);
  expect((await stat(join(dir, 'control'))).mode & 0o777).toBe(0o600);
  await control.close();
  await expect(stat(join(dir, 'control'))).rejects.toThrow('ENOENT');
  expect(await askControl(dir, 'echo', null)).toBeUndefined();
});

test('nobody listens: no folder, no socket, a file, a socket of a process that was killed', async () => {
  expect(await askControl(join(dir, 'absent'), 'echo', null)).toBeUndefined();
  expect(await askControl(dir, 'echo', null)).toBeUndefined();
  await writeFile(join(dir, 'control'), 'no socket');
  expect(await askControl(dir, 'echo', null)).toBeUndefined();
  await expect(serveControl(dir, actions)).rejects.toMatchObject({ code: 'CONTROL_FAILED' });
  await rm(join(dir, 'control'));
  const left = createServer();
  await new Promise<void>((resolve) => left.listen(join(dir, 'left'), resolve));
  const { rename } = await import('node:fs/promises');
  await rename(join(dir, 'left'), join(dir, 'control'));
  await new Promise((resolve) => left.close(resolve));
  expect(await askControl(dir, 'echo', null)).toBeUndefined();
  const control = await serveControl(dir, actions);
  expect(await askControl(dir, 'echo', 1)).toEqual({ ask: 1 });
  await control.close();
});

test('a folder with a long path is served too', async () => {
  const deep = join(dir, 'a'.repeat(100), 'b'.repeat(100));
  await mkdir(deep, { recursive: true });
  const control = await serveControl(deep, actions);
  expect(await askControl(deep, 'echo', 'there')).toEqual({ ask: 'there' });
  await control.close();
  expect(await askControl(deep, 'echo', null)).toBeUndefined();
});
