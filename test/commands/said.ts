/** What a command says, taken in place of the terminal, for every test of a file. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, vi } from 'vitest';

/** Where oclif finds the commands. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** `out` and `err` begin empty with each test; the exit code is taken back after it. */
export const takeOutput = (): { out: string; err: string } => {
  const said = { out: '', err: '' };
  beforeEach(() => {
    Object.assign(said, { out: '', err: '' });
    for (const [stream, name] of [
      [process.stdout, 'out'],
      [process.stderr, 'err'],
    ] as const) {
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        said[name] += String(chunk);
        return true;
      });
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });
  return said;
};
