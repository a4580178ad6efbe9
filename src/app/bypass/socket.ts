/** Who of a machine can connect to a Unix socket: its own mode, and those of the folders above it (unix(7)). */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { reason } from '../../base/errors.js';
import type { Seen } from './seen.js';

const OTHERS_WRITE = 0o002;
const OTHERS_ENTER = 0o001;
const GROUP_WRITES = 0o020;

/** Whether users who own none of the folders above a path can enter them all. */
const isReachable = async (path: string): Promise<boolean> => {
  const folder = dirname(path);
  if (((await stat(folder)).mode & OTHERS_ENTER) === 0) return false;
  return folder === dirname(folder) || isReachable(folder);
};

/** Undefined where every user of the machine can connect: then the server itself must be asked. */
export const lookAtSocket = async (path: string): Promise<Seen | undefined> => {
  try {
    const facts = await stat(path);
    if (!facts.isSocket()) return { outcome: 'unclear', says: `${path} is no socket` };
    if ((facts.mode & OTHERS_WRITE) !== 0 && (await isReachable(path))) return undefined;
    const group = (facts.mode & GROUP_WRITES) === 0 ? '' : ` and the group ${facts.gid}`;
    return { outcome: 'refused', says: `its socket lets in the user ${facts.uid}${group} alone` };
  } catch (error) {
    return { outcome: 'unreachable', says: `no connection from here (${reason(error).slice(0, 100)})` };
  }
};
