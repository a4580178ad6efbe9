/** A server process: started in its own process group, bounded, reaped as a group. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { lineSplitter } from '../base/line-splitter.js';
import type { StdioSettings } from '../model/settings.js';
import { createStderrReader } from './stderr.js';

/** What a child inherits of the gateway's environment; everything else could be a secret of the gateway. */
const INHERITED = ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER'] as const;

const GRACE_MS = 2_000;

export interface ChildOptions {
  readonly settings: StdioSettings;
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Further variables, such as those of the session's AWS credentials. */
  readonly env: Readonly<Record<string, string>>;
  readonly maxLineBytes: number;
  /** One line of standard output, without its line feed. */
  readonly onLine: (line: Buffer) => void;
  /** One line of standard error, cut at 4 KiB, at most 200 a minute. It is not protocol; it may hold secrets. */
  readonly onStderr: (line: string) => void;
  /** Called once, when the process is gone or has said more than it may. */
  readonly onEnd: (reason: string) => void;
}

export interface Child {
  /** Writes one line. Resolves when the pipe has taken it. */
  write(line: Buffer): Promise<void>;
  pause(paused: boolean): void;
  /** Closes its input, then ends the process group: SIGTERM after 2 s, SIGKILL after 4 s. */
  stop(): Promise<void>;
}

const killGroup = (pid: number | undefined, signal: NodeJS.Signals): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Gone already, or run as another user, which only its input's end can stop.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error;
  }
};

const environment = (options: ChildOptions): Record<string, string> => {
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = options.inherited[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...options.settings.env, ...options.env };
};

const readStderr = (stderr: Readable, onLine: (line: string) => void): void => {
  const read = createStderrReader(onLine, () => performance.now());
  stderr.setEncoding('utf8').on('data', read);
};

const wait = (ms: number, gone: Promise<void>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return Promise.race([gone.then(() => true), late]).finally(() => clearTimeout(timer));
};

/** Starts a server process. A command that cannot be started shows as `onEnd`. */
export const startChild = (options: ChildOptions): Child => {
  const { settings } = options;
  const child = spawn(settings.command, [...settings.args], {
    cwd: settings.cwd ?? undefined,
    env: environment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    killGroup(child.pid, 'SIGKILL');
    options.onEnd(reason);
  };
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      end(`it could not be started (${'code' in error ? String(error.code) : 'error'})`);
      resolve();
    });
    child.once('close', (code, signal) => {
      end(`it ended with ${signal ?? `code ${code}`}`);
      resolve();
    });
  });
  const split = lineSplitter(options.maxLineBytes, options.onLine);
  child.stdout.on('data', (chunk: Buffer) => {
    if (!ended && !split(chunk)) end(`it wrote a line over ${options.maxLineBytes} bytes`);
  });
  // A child that closes its input early raises EPIPE here; its end tells the rest.
  child.stdin.on('error', () => end('it closed its input'));
  readStderr(child.stderr, options.onStderr);
  return {
    write: (line) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new Error('the server process has ended'));
        child.stdin.write(Buffer.concat([line, Buffer.from('\n')]), (error) => (error ? reject(error) : resolve()));
      }),
    pause: (paused) => (paused ? child.stdout.pause() : child.stdout.resume()),
    async stop(): Promise<void> {
      child.stdin.end();
      if (await wait(GRACE_MS, gone)) return;
      killGroup(child.pid, 'SIGTERM');
      if (await wait(GRACE_MS, gone)) return;
      killGroup(child.pid, 'SIGKILL');
      if (await wait(GRACE_MS, gone)) return;
      // A process that left the group may hold the pipes for ever; nobody waits for it.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      child.unref();
    },
  };
};
