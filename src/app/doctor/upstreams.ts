/** MCP servers: the program is there and can be run, or something answers at the address. None is started. */
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, resolve } from 'node:path';
import { CountersignError, reason } from '../../base/errors.js';
import type { ServerSettings, Settings } from '../../model/settings.js';
import { type HttpServerSettings, openServerFetch } from '../server-fetch.js';
import { type DoctorCheck, fail, open, pass, thrown } from './check.js';

const TIMEOUT = 5_000;

const isProgram = async (file: string): Promise<boolean> => {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    // Not there, or not for this user.
    return false;
  }
};

type Stdio = Extract<ServerSettings['upstream'], { readonly kind: 'stdio' }>;

/** Where the program lies, by the rules of execvp; undefined where it is in no place. */
export const findProgram = async ({ command, cwd, env }: Stdio, path: string): Promise<string | undefined> => {
  const base = cwd ?? '.';
  const places = command.includes('/')
    ? [isAbsolute(command) ? command : resolve(base, command)]
    : (env['PATH'] ?? path).split(delimiter).map((folder) => resolve(base, folder, command));
  for (const place of places) if (await isProgram(place)) return place;
  return undefined;
};

const checkProgram = async (what: string, upstream: Stdio, path: string): Promise<DoctorCheck> => {
  const { command, cwd } = upstream;
  const isFolder =
    cwd === null ||
    (await stat(cwd).then(
      (facts) => facts.isDirectory(),
      () => false,
    ));
  if (!isFolder) return fail(what, `its working folder ${cwd} is not there`, 'make it, or mend stdio.cwd');
  const found = await findProgram(upstream, path);
  if (found !== undefined) return pass(what, found);
  return fail(what, `there is no program ${command}`, 'install it, or write its whole path in stdio.command');
};

const statusOf = async (upstream: HttpServerSettings): Promise<number> => {
  const send = await openServerFetch(upstream, 'gateway');
  try {
    const response = await send(new URL(upstream.url), { signal: AbortSignal.timeout(TIMEOUT) });
    return response.status;
  } finally {
    await send.close();
  }
};

const checkAddress = async (what: string, upstream: HttpServerSettings): Promise<DoctorCheck> => {
  const { url, socket } = upstream;
  const place = socket === undefined ? url : `${url} at the socket ${socket}`;
  try {
    const status = await statusOf(upstream);
    const message = `${place} answers with status ${status}`;
    const isServing = status < 500 && status !== 404;
    return isServing ? pass(what, message) : open(what, message, 'see that an MCP server is at this very path');
  } catch (error) {
    if (error instanceof CountersignError) return thrown(what, error, 'mend the files of http.tls');
    const { cause } = error instanceof Error ? error : { cause: undefined };
    const problem = `${place} cannot be reached: ${reason(cause ?? error)}`;
    return fail(what, problem, 'start the server, or mend http.url, http.socket or http.tls');
  }
};

/** @param path search path of the gateway */
export const checkUpstreams = ({ servers }: Settings, path: string): Promise<readonly DoctorCheck[]> =>
  Promise.all(
    servers.map(({ id, upstream }) =>
      upstream.kind === 'http' ? checkAddress(`server ${id}`, upstream) : checkProgram(`server ${id}`, upstream, path),
    ),
  );
