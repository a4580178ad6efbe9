import { access, constants, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import type { ServerSettings } from '../../model/settings.js';
import { findProgram } from '../doctor/upstreams.js';
import type { Seen } from './seen.js';

const isWritable = (path: string): Promise<boolean> =>
  access(path, constants.W_OK).then(
    () => true,
    () => false,
  );

/**
 * A process of the gateway has pipes that nobody else has. Whether others can start the program, with credentials of their
 * own, cannot be seen from here; whether somebody could put another in its place can.
 * @param path search path of the gateway
 */
export const lookAtProgram = async (
  upstream: Extract<ServerSettings['upstream'], { kind: 'stdio' }>,
  path: string,
): Promise<Seen> => {
  const program = await findProgram(upstream, path);
  if (program === undefined) return { outcome: 'unclear', says: `there is no program ${upstream.command}` };
  const { mode } = await stat(program);
  const root = userInfo().uid === 0;
  const open = (mode & 0o022) !== 0 || (!root && (await isWritable(program)) && (await isWritable(dirname(program))));
  if (open) return { outcome: 'open', says: `others than root can replace the program ${program}` };
  const says =
    'its process has pipes that only the gateway holds; whether others can start the program with credentials of ' +
    'their own cannot be seen from here';
  return { outcome: 'unseen', says };
};
