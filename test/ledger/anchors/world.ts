/** What tests of anchors share: a ledger with rotation, its checkpoints, and a witness in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCosigner } from '../../../src/base/cosignature.js';
import { parseCheckpoint, parseNote } from '../../../src/base/note.js';
import type { AnchorHead } from '../../../src/ledger/anchors/anchor.js';
import { createWitnessAnchor } from '../../../src/ledger/anchors/witness.js';
import type { OpenedLedger } from '../../../src/ledger/opening.js';

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'countersign-anchors-'));

/** Signals that never abort. */
export const never = new AbortController().signal;

/** The last checkpoint of a ledger, as an anchor is given it. */
export const headOf = (ledger: OpenedLedger): AnchorHead => {
  const { note = '' } = ledger.checkpoint ?? {};
  return { ...parseCheckpoint(parseNote(note).text), note };
};

export interface WitnessProcess {
  readonly url: string;
  /** Verifier key of type 4. */
  readonly key: string;
  close(): Promise<void>;
}

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the witness ended with ${code}`)));
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString('utf8')));
  });

/** Starts a witness that knows this ledger's root key; its state lies in a file, so that it can be started again. */
export const startWitness = async (stateFile: string, logKey: string): Promise<WitnessProcess> => {
  const program = fileURLToPath(new URL('./witness.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, stateFile, logKey], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: unknown = JSON.parse(await firstLine(child));
  const { url, key } = Object.assign({ url: '', key: '' }, said);
  const close = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  };
  return { url, key, close };
};

/** The anchor of such a witness for a ledger. */
export const witnessAnchor = (ledger: Pick<OpenedLedger, 'dir' | 'signRoot'>, { url, key }: WitnessProcess) =>
  createWitnessAnchor({
    name: 'team',
    url,
    cosigner: parseCosigner(key),
    sign: (text) => ledger.signRoot(text),
    dir: ledger.dir,
    fetch: globalThis.fetch,
  });
