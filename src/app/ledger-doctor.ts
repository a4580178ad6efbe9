/** What state a ledger is in, in sentences, each with its mend. Looks, and changes nothing. */
import { access, constants, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../base/clock.js';
import { type FilePort, realFiles } from '../base/durable.js';
import { CountersignError, EXIT, type ExitCode, reason, worstExit } from '../base/errors.js';
import type { AnchorStanding } from '../ledger/anchors/start.js';
import { ledgerDir } from '../ledger/folder.js';
import { parseDigestKey } from '../ledger/keys.js';
import { type LockState, lockState } from '../ledger/lock.js';
import { unrecorded } from '../ledger/recover.js';
import { rootKey, rootLine } from '../ledger/root.js';
import { findStanding, readTornTail, type Standing } from '../ledger/scan.js';
import type { Finding } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import { verifyPath } from '../verify/verify.js';
import { openAnchors, standingsOf } from './anchors.js';
import { loadSettings, resolveSecret, sourceName } from './config.js';
import { ledgerKey } from './own-ledger.js';

/** One thing looked at. */
export interface Diagnosis {
  readonly topic: 'folder' | 'lock' | 'disk' | 'keys' | 'records' | 'tail' | 'quarantine' | 'anchors' | 'verification';
  /** `open`: not a fault yet, or not for this command to judge. */
  readonly state: 'pass' | 'open' | 'fail';
  /** One sentence. */
  readonly message: string;
  /** What to do about it; null where there is nothing to do. */
  readonly mend: string | null;
  readonly exit: ExitCode;
}

/** What the doctor found. */
export interface LedgerState {
  readonly dir: string;
  readonly diagnoses: readonly Diagnosis[];
  /** 0 where writing can go on and all that is there verifies; else by the worst diagnosis. */
  readonly exit: ExitCode;
}

/** What `countersign ledger doctor` is asked for. */
export interface DoctorAsk {
  /** Folder of the ledger; absent: the one of the configuration. */
  readonly dir?: string | undefined;
  /** Configuration file; the keys are looked at where this is given or `dir` is absent. */
  readonly config?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly files?: FilePort;
  /** Bytes free for this user on the disk that holds a folder; the machine's, where absent. */
  readonly free?: (dir: string) => Promise<number>;
}

/** A batch at its largest; with less room the next one may not fit. */
const LEAST_FREE = 64 * 1024 * 1024;
const MAX_FINDINGS = 20;
/** What a verifier finds at the end of a ledger that is being written. */
const UNDER_WAY: ReadonlySet<string> = new Set(['TORN_TAIL', 'UNSIGNED_TAIL', 'OUTCOME_MISSING']);

type Topic = Diagnosis['topic'];

const pass = (topic: Topic, message: string): Diagnosis => ({
  topic,
  state: 'pass',
  message,
  mend: null,
  exit: EXIT.ok,
});
const open = (topic: Topic, message: string, mend: string | null, exit: ExitCode = EXIT.ok): Diagnosis => ({
  topic,
  state: 'open',
  message,
  mend,
  exit,
});
const fail = (topic: Topic, message: string, mend: string, exit: ExitCode): Diagnosis => ({
  topic,
  state: 'fail',
  message,
  mend,
  exit,
});
const failed = (topic: Topic, error: unknown): Diagnosis =>
  error instanceof CountersignError
    ? fail(topic, `${error.message}.`, error.hint, error.exit)
    : fail(topic, `It cannot be read: ${reason(error)}.`, 'check permissions and the disk', EXIT.unexpected);

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1_000_000)} MB`;
const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

const lookAtFolder = async (dir: string, files: FilePort): Promise<Diagnosis> => {
  const facts = await files.facts(dir);
  if (process.platform !== 'win32' && facts && facts.mode & 0o077) {
    const mend = `chmod 700 ${dir}; records name people and what they did`;
    return fail('folder', `Others than its owner may enter ${dir}.`, mend, EXIT.usage);
  }
  return pass('folder', `The ledger is at ${dir}.`);
};

const lookAtLock = ({ state, holder }: LockState, dir: string): Diagnosis => {
  if (state === 'free') return pass('lock', 'No process writes it.');
  if (state === 'stale') {
    return pass('lock', `Its last writer, ${holder}, is gone; the next start takes its lock over.`);
  }
  return open(
    'lock',
    `It is held by ${holder}.`,
    `if no gateway is meant to run, stop that process; leave ${dir}/lock`,
  );
};

const lookAtDisk = async (dir: string, free: NonNullable<DoctorAsk['free']>): Promise<Diagnosis> => {
  try {
    await access(join(dir, 'log'), constants.W_OK);
  } catch (error) {
    const mend =
      'mount the disk for writing, or run as the owner of the folder; a running gateway then goes on by itself';
    return fail('disk', `This user cannot write to it: ${reason(error)}.`, mend, EXIT.unexpected);
  }
  const bytes = await free(dir);
  if (bytes >= LEAST_FREE) return pass('disk', `The disk has ${megabytes(bytes)} free.`);
  const message = `The disk has only ${megabytes(bytes)} free; when it is full, calls are refused.`;
  return fail(
    'disk',
    message,
    'make room, but never in this folder; a running gateway then goes on by itself',
    EXIT.unexpected,
  );
};

const lookAtKeys = async (
  settings: Settings,
  known: string | null,
  dir: string,
  env: NodeJS.ProcessEnv,
): Promise<Diagnosis> => {
  const { digestKey, origin } = settings.ledger;
  try {
    const own = rootKey(dir, origin, await ledgerKey(settings, env)).key;
    parseDigestKey(await resolveSecret(digestKey, env), sourceName(digestKey));
    if (known === null) return pass('keys', `The keys can be used; a trust file would name ${own}.`);
    if (known === own) return pass('keys', `The key of the configuration is the one it was begun with, ${own}.`);
    throw new CountersignError('LEDGER_KEY', { dir, problem: `it names ${known}, not ${own}` });
  } catch (error) {
    return failed('keys', error);
  }
};

const ofStanding = ({ name, state, problem }: AnchorStanding): Diagnosis => {
  if (state === 'agrees') return pass('anchors', `What ${name} confirms is part of this ledger.`);
  if (state === 'unknown') {
    const mend = 'see that it can be reached; the gateway starts without its answer';
    return open('anchors', `The anchor ${name} could not be asked: ${problem}.`, mend, EXIT.unanchored);
  }
  const mend = 'write nothing to it: this is an older or another copy; restore the newest one';
  return fail('anchors', `${name} ${problem}.`, mend, EXIT.integrity);
};

/** Whether anchors, and receipts that are kept here, know another history. Leaves them as they are. */
const lookAtAnchors = async (
  settings: Settings,
  dir: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly Diagnosis[]> => {
  try {
    const root = rootKey(dir, settings.ledger.origin, await ledgerKey(settings, env));
    const deps = { dir, sign: (text: string) => rootLine(root, text), clock: systemClock(), environment: env };
    const standings = await standingsOf(settings, dir, await openAnchors(settings, deps), true);
    return standings.map(ofStanding);
  } catch (error) {
    // A key that cannot be used is told of where keys are looked at.
    if (error instanceof CountersignError) return [];
    throw error;
  }
};

const lookAtRecords = (
  { state, segments, account: { open: calls } }: Standing,
  held: boolean,
): readonly Diagnosis[] => {
  const where = `${count(state.size, 'record')} in ${count(segments.length, 'segment file')}`;
  const records = pass('records', `It holds ${where} up to the last signed checkpoint.`);
  if (calls.size === 0 || held) return [records];
  const message = `${count(calls.size, 'forwarded call')} had no outcome when its writer ended.`;
  return [records, open('records', message, 'start the gateway: it records their outcome as unknown', EXIT.incomplete)];
};

const lookAtTail = async (standing: Standing, held: boolean, files: FilePort): Promise<Diagnosis> => {
  const { last, end, problem } = standing;
  try {
    const { length } = await readTornTail(standing, files);
    if (!last || length === 0) return pass('tail', 'Nothing follows the last checkpoint.');
    const message = `${last.name}: ${count(length, 'byte')} follow the last checkpoint, at byte ${end}`;
    if (held) return pass('tail', `${message}; they are being written.`);
    const why = problem === null ? 'no checkpoint covers them' : problem;
    const mend = 'start the gateway: it keeps them in quarantine/, on record; they were acknowledged to nobody';
    return open('tail', `${message}: a write cut short (${why}).`, mend, EXIT.incomplete);
  } catch (error) {
    return failed('tail', error);
  }
};

const lookAtQuarantine = async (standing: Standing, files: FilePort): Promise<Diagnosis> => {
  const folder = join(standing.dir, 'quarantine');
  if (!(await files.facts(folder))) return pass('quarantine', 'Nothing was set aside.');
  const there = (await files.list(folder)).length;
  const fresh = (await unrecorded(standing, files)).length;
  if (there === 0) return pass('quarantine', 'Nothing was set aside.');
  const message = `quarantine/ holds ${count(there, 'file')} set aside at earlier starts`;
  if (fresh === 0) return pass('quarantine', `${message}, each on record; keep them.`);
  const mend = 'start the gateway: it records them; keep them';
  return open('quarantine', `${message}, ${fresh} of them not on record.`, mend, EXIT.incomplete);
};

const ofFinding = ({ severity, message }: Finding): Diagnosis =>
  severity === 'integrity'
    ? fail('verification', message, 'keep the folder as it is and compare it with a copy', EXIT.integrity)
    : open('verification', message, 'it stays on record; find out what happened then', EXIT.incomplete);

/** Who signs and what anchors confirm is not asked here: that needs the auditor's trust file. */
const lookAtVerification = async (dir: string, held: boolean): Promise<readonly Diagnosis[]> => {
  const { findings } = await verifyPath(dir);
  const counted = findings.filter(
    ({ severity, code }) => (severity === 'integrity' || severity === 'incomplete') && !(held && UNDER_WAY.has(code)),
  );
  if (counted.length === 0) {
    const mend = 'for signer and anchors: countersign verify with --trust';
    return [{ ...pass('verification', 'Every record, link, checkpoint and payload verifies.'), mend }];
  }
  const shown = counted.slice(0, MAX_FINDINGS).map(ofFinding);
  const rest = counted.slice(MAX_FINDINGS);
  if (rest.length === 0) return shown;
  const exit = worstExit(rest.map((finding) => ofFinding(finding).exit));
  return [...shown, open('verification', `There are ${rest.length} more.`, 'run countersign verify', exit)];
};

const stateOf = (dir: string, diagnoses: readonly Diagnosis[]): LedgerState => ({
  dir,
  diagnoses,
  exit: worstExit(diagnoses.map(({ exit }) => exit)),
});

const standingOf = (dir: string, files: FilePort): Promise<Standing | Diagnosis> =>
  findStanding(dir, files).catch((error: unknown) => failed('records', error));

const missing = (dir: string): Diagnosis =>
  fail('folder', `There is no ledger at ${dir}.`, 'the first start of the gateway begins one', EXIT.usage);

const freeOn = async (dir: string): Promise<number> => {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
};

/** The keys, if they are known, then what stands in the files. */
const lookInside = async (
  dir: string,
  held: boolean,
  files: FilePort,
  keys: (known: string | null) => Promise<readonly Diagnosis[]>,
): Promise<readonly Diagnosis[]> => {
  const standing = await standingOf(dir, files);
  if ('topic' in standing) return [...(await keys(null)), standing];
  return [
    ...(await keys(standing.state.root?.key ?? null)),
    ...lookAtRecords(standing, held),
    await lookAtTail(standing, held, files),
    await lookAtQuarantine(standing, files),
  ];
};

const ownDir = ({ gateway, ledger }: Settings): string => ledgerDir(gateway.dataDir, ledger.origin);

const settingsFor = async ({ dir, config, env }: DoctorAsk): Promise<Settings | null> =>
  dir === undefined || config !== undefined ? loadSettings(config, env) : null;

/**
 * Examines a ledger: folder, lock, disk, keys, records, what follows the last checkpoint, quarantine, anchors, and
 * whether it verifies. Reads all of it, up to three times; a gateway may go on writing meanwhile.
 * @throws CountersignError CONFIG_NOT_FOUND, CONFIG_INVALID, CONFIG_DEMO; what is wrong with the ledger is a diagnosis
 */
export const examineLedger = async (ask: DoctorAsk): Promise<LedgerState> => {
  const { files = realFiles, env = process.env, free = freeOn } = ask;
  const settings = await settingsFor(ask);
  const dir = ask.dir ?? (settings ? ownDir(settings) : '');
  const keys = async (known: string | null): Promise<readonly Diagnosis[]> =>
    settings ? [await lookAtKeys(settings, known, dir, env)] : [];
  if ((await files.facts(join(dir, 'log')))?.kind !== 'folder') {
    return stateOf(dir, [missing(dir), ...(await keys(null))]);
  }
  const lock = await lockState(dir, files);
  const held = lock.state === 'held';
  const outside = [await lookAtFolder(dir, files), lookAtLock(lock, dir), await lookAtDisk(dir, free)];
  const inside = await lookInside(dir, held, files, keys);
  const anchors = settings ? await lookAtAnchors(settings, dir, env) : [];
  return stateOf(dir, [...outside, ...inside, ...anchors, ...(await lookAtVerification(dir, held))]);
};
