/** What Git says of the configuration. */
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import type { ConfigRecord } from '../model/record.js';

const git = (folder: string, args: readonly string[]): string =>
  execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 2_000,
  }).trim();

/** Commit and state of the folder the configuration lies in; null where it is in no repository. */
export const gitState = (file: string): ConfigRecord['git'] => {
  const folder = dirname(file);
  try {
    return {
      commit: git(folder, ['rev-parse', 'HEAD']),
      dirty: git(folder, ['status', '--porcelain', '--', file]) !== '',
    };
  } catch {
    // No git, or no repository: the record then says that nothing is known of the file's history.
    return null;
  }
};
