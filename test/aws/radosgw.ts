/**
 * Debian's radosgw with one monitor and one memory-backed OSD, in a folder of its own: an S3 server whose Object Lock
 * is that of AWS. Packages: radosgw, ceph-mon, ceph-osd. Nothing of it touches /etc or /var.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { freePort } from '../gateway/harness.js';

const PROGRAMS = ['ceph', 'ceph-authtool', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];

/** Why radosgw cannot be started here; null where it can. */
export const radosgwMissing = (): string | null => {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const missing = PROGRAMS.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  return missing.length === 0
    ? null
    : `not installed: ${missing.join(', ')} (apt-get install radosgw ceph-mon ceph-osd)`;
};

export interface Radosgw {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** A client of this server. */
  client(): S3Client;
  /** Makes a user; resolves with its keys. */
  user(name: string): Promise<Radosgw['credentials']>;
  /** Runs `radosgw-admin`. */
  admin(...args: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

const configuration = (dir: string, fsid: string, monitor: number, gateway: number): string => `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monitor}/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
keyring = ${dir}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
run dir = ${dir}
log file = ${dir}/$name.log
admin socket = ${dir}/$name.$pid.asok
pid file = ${dir}/$name.pid
[mon]
mon data = ${dir}/mon
mon data avail crit = 1
mon data avail warn = 2
[osd]
osd data = ${dir}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd class load list = *
osd class default list = *
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gateway} tcp_nodelay=1
rgw data = ${dir}/rgw
rgw s3 auth use sts = true
rgw sts key = 0123456789abcdef
`;

const KEYS: readonly (readonly string[])[] = [
  ['--create-keyring', '-n', 'mon.', '--cap', 'mon', 'allow *'],
  ['-n', 'client.admin', '--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'],
  ['-n', 'client.rgw', '--cap', 'mon', 'allow rwx', '--cap', 'osd', 'allow rwx'],
  ['-n', 'osd.0', '--cap', 'mon', 'allow profile osd', '--cap', 'osd', 'allow *'],
];

/** Runs one program to its end, for at most a minute. */
type Run = (program: string, ...args: readonly string[]) => Promise<unknown>;
/** Starts a program that stays. */
type Start = (program: string, ...args: readonly string[]) => void;

const startCluster = async (dir: string, fsid: string, monitor: number, run: Run, start: Start): Promise<void> => {
  const conf = ['-c', 'ceph.conf'];
  for (const args of KEYS) await run('ceph-authtool', 'keyring', '--gen-key', ...args);
  await run(
    'monmaptool',
    '--create',
    '--clobber',
    '--fsid',
    fsid,
    '--addv',
    'a',
    `[v2:127.0.0.1:${monitor}]`,
    'monmap',
  );
  await run('ceph-mon', ...conf, '--mkfs', '-i', 'a', '--monmap', 'monmap', '--keyring', 'keyring');
  start('ceph-mon', ...conf, '-i', 'a', '-f');
  const osd = randomUUID();
  await run('ceph', ...conf, '--connect-timeout', '60', 'osd', 'new', osd, '0');
  await run('ceph-osd', ...conf, '-i', '0', '--mkfs', '--osd-uuid', osd, '--keyring', join(dir, 'keyring'));
  start('ceph-osd', ...conf, '-i', '0', '-f', '--keyring', join(dir, 'keyring'));
  start('radosgw', ...conf, '-n', 'client.rgw', '-f');
};

const answers = async (endpoint: string): Promise<boolean> => {
  const response = await fetch(endpoint).catch(() => undefined);
  await response?.body?.cancel();
  return response !== undefined;
};

/** Starts one on free ports: some 15 seconds. */
export const startRadosgw = async (): Promise<Radosgw> => {
  const dir = mkdtempSync(join(tmpdir(), 'cs-rgw-'));
  const [monitor, gateway] = [await freePort(), await freePort()];
  const fsid = randomUUID();
  writeFileSync(join(dir, 'ceph.conf'), configuration(dir, fsid, monitor, gateway));
  for (const name of ['mon', 'osd', 'rgw']) mkdirSync(join(dir, name));
  const children: ChildProcess[] = [];
  const run: Run = (program, ...args) => promisify(execFile)(program, args, { cwd: dir, timeout: 60_000 });
  const start: Start = (program, ...args) => {
    const out = openSync(join(dir, `${program}.out`), 'a');
    children.push(spawn(program, args, { cwd: dir, stdio: ['ignore', out, out] }));
  };
  const close = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  const admin = (...args: readonly string[]): Promise<unknown> =>
    run('radosgw-admin', '-c', 'ceph.conf', '-n', 'client.rgw', ...args);
  const user = async (name: string, keys: Radosgw['credentials']): Promise<Radosgw['credentials']> => {
    const pair = ['--access-key', keys.accessKeyId, '--secret-key', keys.secretAccessKey];
    await admin('user', 'create', `--uid=${name}`, `--display-name=${name}`, ...pair);
    return keys;
  };
  const endpoint = `http://127.0.0.1:${gateway}`;
  const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'not-a-secret-of-anyone' };
  try {
    await startCluster(dir, fsid, monitor, run, start);
    for (const until = Date.now() + 120_000; !(await answers(endpoint)); ) {
      if (Date.now() > until) throw new Error('radosgw does not answer');
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await user('test', credentials);
  } catch (error) {
    await close();
    throw error;
  }
  const client = (): S3Client => new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials });
  const more = (name: string): Promise<Radosgw['credentials']> =>
    user(name, { accessKeyId: `AKID${name.toUpperCase()}`, secretAccessKey: `not-a-secret-of-${name}` });
  return { endpoint, credentials, client, user: more, admin, close };
};
