/** What the machine gives: Node, ports, disk, and the folders of trails. */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { isSystemError } from '../../base/durable.js';
import { reason } from '../../base/errors.js';
import type { Settings } from '../../model/settings.js';
import { type DoctorCheck, fail, open, pass } from './check.js';

const OLDEST_NODE = [20, 19] as const;
/** Below this a busy gateway may fill the disk within days. */
const LEAST_FREE = 1024 ** 3;
const HEALTH_TIMEOUT = 2_000;

/** @param version such as `22.3.0` */
export const checkNode = (version: string): DoctorCheck => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (!isOld) return pass('node', `version ${version}`);
  return fail('node', `version ${version} is too old`, `install Node.js ${OLDEST_NODE.join('.')} or newer`);
};

interface Address {
  readonly host: string;
  readonly port: number;
}

const bindProblem = ({ host, port }: Address): Promise<unknown> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

/** Whether a gateway answers at the admin address. */
const gatewayRuns = async ({ host, port }: Address): Promise<boolean> => {
  try {
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`;
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(HEALTH_TIMEOUT) });
    await response.body?.cancel();
    return response.status === 200 || response.status === 503;
  } catch {
    // Whatever holds the port speaks no HTTP: it is no gateway.
    return false;
  }
};

/** Whether the gateway could listen, or listens already. */
export const checkPorts = async ({ gateway }: Settings): Promise<readonly DoctorCheck[]> => {
  const running = (await bindProblem(gateway.admin)) !== undefined && (await gatewayRuns(gateway.admin));
  const look = async (field: 'listen' | 'admin'): Promise<DoctorCheck> => {
    const address = gateway[field];
    const what = `gateway.${field} ${address.host}:${address.port}`;
    const problem = await bindProblem(address);
    if (problem === undefined) return pass(what, 'is free');
    const isTaken = isSystemError(problem, 'EADDRINUSE');
    if (isTaken && running) return pass(what, 'is in use, and a gateway answers at the admin address');
    if (isTaken) return fail(what, 'is in use by another program', 'stop that program, or choose another port');
    return fail(what, `cannot be listened on: ${reason(problem)}`, 'choose an address and port of this machine');
  };
  return Promise.all([look('listen'), look('admin')]);
};

/** The folder, or the nearest above it that exists. */
const existing = async (folder: string): Promise<string> => {
  try {
    return (await stat(folder)).isDirectory() ? folder : dirname(folder);
  } catch {
    // Made at the first start, so what counts is where it will be made.
    return dirname(folder) === folder ? folder : existing(dirname(folder));
  }
};

/** Whether ledger and evidence can be written, and how much room there is. */
export const checkDisk = async ({ gateway }: Settings): Promise<DoctorCheck> => {
  const what = `gateway.dataDir ${gateway.dataDir}`;
  const folder = await existing(gateway.dataDir);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return fail(what, `cannot be written: ${reason(error)}`, `give the user of the gateway the folder ${folder}`);
  }
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${(free / LEAST_FREE).toFixed(1)} GiB free`;
  return free >= LEAST_FREE ? pass(what, message) : open(what, message, 'make room: without it no call is let through');
};

/** Whether the folders of trails are there. */
export const checkTrails = async ({ collect }: Settings): Promise<readonly DoctorCheck[]> => {
  const what = 'collect.cloudtrail';
  if (collect.cloudtrail.length === 0) {
    return [open(what, 'names no source, so a report has nothing to compare with', 'name a folder or a bucket')];
  }
  const folders = collect.cloudtrail.flatMap((source) => ('dir' in source ? [source.dir] : []));
  return Promise.all(
    folders.map(async (dir) =>
      (await existing(dir)) === dir
        ? pass(`${what} ${dir}`, 'is there')
        : open(`${what} ${dir}`, 'is no folder', 'copy the trail bucket there, or mend the path'),
    ),
  );
};
