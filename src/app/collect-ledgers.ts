/** Brings in the ledgers of other gateways: copied, verified while read, and held against what was collected before. */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock, timestamp } from '../base/clock.js';
import { makeFolder, realFiles, writeAtomic } from '../base/durable.js';
import { CountersignError, EXIT, type ExitCode, worstExit } from '../base/errors.js';
import { parseVerifierKey } from '../base/note.js';
import { BucketError } from '../collect/cloudtrail/bucket.js';
import { openS3Bucket } from '../collect/cloudtrail/s3.js';
import { downloadLedger } from '../collect/ledgers/download.js';
import { ledgerFolder } from '../ledger/format.js';
import { formatPeers, type LedgerSource, type PeerLedger } from '../model/peer-ledger.js';
import type { Settings } from '../model/settings.js';
import { createFindings } from '../verify/findings.js';
import { type LedgerHead, verifyLedger } from '../verify/ledger.js';
import { noTrust, type TrustedKeys } from '../verify/trust.js';
import { buildWarehouse } from '../warehouse/build.js';
import { ledgerRecords } from './collect.js';
import { peerFolder, peerRecords, peersFolder, peersIndex, readPeers } from './peer-ledgers.js';
import { snapshotLedger } from './report/snapshot.js';

export interface LedgersAsk {
  readonly settings: Settings;
  /** Folder of one ledger; the sources of the configuration where it is absent. */
  readonly from?: string;
  /** The machine's, where absent. */
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

export interface LedgerProblem {
  readonly source: string;
  readonly reason: string;
}

export interface LedgersSummary {
  readonly taken: readonly (PeerLedger & { readonly added: number })[];
  /** Ledgers of which nothing was taken. */
  readonly refused: readonly LedgerProblem[];
  /** What verification found in those that were taken, such as gaps. */
  readonly notes: readonly LedgerProblem[];
  /** Exit 12 where one was changed or conflicts, 11 where one is missing or has gaps. */
  readonly exit: ExitCode;
}

const INCOMING = '.incoming-';

/** Why nothing of a ledger is taken. */
class Refusal extends Error {
  readonly exit: ExitCode;
  constructor(problem: string, exit: ExitCode) {
    super(problem);
    this.exit = exit;
  }
}

const nameOf = ({ from }: LedgerSource): string =>
  'dir' in from ? from.dir : `s3://${from.s3.bucket}/${from.s3.prefix}`;

const download = async (
  { s3 }: { readonly s3: Extract<LedgerSource['from'], { s3: unknown }>['s3'] },
  to: string,
  ask: LedgersAsk,
) => {
  const nothing = { organization: null, accounts: [], regions: [], cloudtrailEndpoint: null, since: 0, concurrency: 8 };
  const environment = ask.environment ?? process.env;
  try {
    const bucket = await openS3Bucket({ settings: { ...s3, ...nothing }, environment });
    const report = (done: number, total: number): void => ask.onProgress?.('download', done, total);
    if ((await downloadLedger(bucket, s3.prefix, to, report)) > 0) return;
  } catch (error) {
    if (error instanceof BucketError || error instanceof RangeError) throw new Refusal(error.message, EXIT.incomplete);
    throw error;
  }
  throw new Refusal('there is no ledger below the prefix', EXIT.incomplete);
};

/** A copy as it stands, which alone is verified and kept. */
const copyOf = async (source: LedgerSource, scratch: string, ask: LedgersAsk): Promise<string> => {
  const [fetched, copy] = [join(scratch, 'fetched'), join(scratch, 'copy')];
  if ('s3' in source.from) await download(source.from, fetched, ask);
  try {
    await snapshotLedger('dir' in source.from ? source.from.dir : fetched, copy);
  } catch (error) {
    if (error instanceof CountersignError) throw new Refusal(error.message, EXIT.incomplete);
    throw error;
  }
  return copy;
};

/** The history that was collected before counts as an auditor's own statement would. */
const trustFor = ({ origin, key, size, root }: PeerLedger): TrustedKeys => ({
  ...noTrust(),
  ledgers: [parseVerifierKey(key)],
  checkpoints: [{ origin, size, root }],
});

const refuseConflict = (head: LedgerHead, source: LedgerSource, before: PeerLedger | undefined, own: string): void => {
  if (head.origin === own) throw new Refusal(`it has the origin of the own ledger, ${own}`, EXIT.incomplete);
  if (source.key !== null && head.key !== source.key) {
    throw new Refusal(`its root key is ${head.key}, not the one of the configuration`, EXIT.integrity);
  }
  if (before === undefined) return;
  if (head.key !== before.key) {
    throw new Refusal(
      `two ledgers say that they are ${head.origin}: the one of ${before.source} has another root key`,
      EXIT.integrity,
    );
  }
  if (head.size < before.size) {
    throw new Refusal(
      `it ends after ${head.size} records; ${before.size} were collected before, ${before.taken}`,
      EXIT.integrity,
    );
  }
};

/** Origins that differ may be written alike on disk. */
const refuseFolder = (origin: string, known: readonly PeerLedger[]): void => {
  const other = known.find((one) => one.origin !== origin && ledgerFolder(one.origin) === ledgerFolder(origin));
  if (other !== undefined) throw new Refusal(`its origin is written as that of ${other.origin} is`, EXIT.incomplete);
};

/** Walks a copy. @throws Refusal where anything in it was changed, or nothing is signed */
const headOf = async (dir: string, trust: TrustedKeys, ask: LedgersAsk) => {
  const findings = createFindings();
  const onProgress = ({ done, total }: { readonly done: number; readonly total: number }): void =>
    ask.onProgress?.('verify', done, total);
  const head = await verifyLedger({ dir, label: '', trust, findings, onProgress });
  const verification = findings.result(dir, 'ledger');
  const broken = verification.findings.find(({ severity }) => severity === 'integrity');
  if (broken !== undefined) throw new Refusal(broken.message, EXIT.integrity);
  if (head === null) throw new Refusal(verification.findings[0]?.message ?? 'nothing in it is signed', EXIT.incomplete);
  return { head, verification };
};

const LEFT_OUT = new Set(['unestablished', 'note']);

const takeOne = async (source: LedgerSource, scratch: string, ask: LedgersAsk, known: readonly PeerLedger[]) => {
  const { settings, clock = systemClock() } = ask;
  const copy = await copyOf(source, scratch, ask);
  const first = await headOf(copy, noTrust(), ask);
  const before = known.findLast(({ origin }) => origin === first.head.origin);
  refuseConflict(first.head, source, before, settings.ledger.origin);
  refuseFolder(first.head.origin, known);
  const { head, verification } = before === undefined ? first : await headOf(copy, trustFor(before), ask);
  const folder = peerFolder(settings.gateway.dataDir, head.origin);
  if ((await realFiles.facts(folder)) !== undefined) await rename(folder, join(scratch, 'before'));
  await rename(copy, folder);
  await realFiles.syncFolder(peersFolder(settings.gateway.dataDir));
  const peer: PeerLedger = {
    ...head,
    exit: verification.exit,
    source: nameOf(source),
    taken: timestamp(clock.now()),
  };
  const notes = verification.findings.filter(({ severity }) => !LEFT_OUT.has(severity)).map(({ message }) => message);
  return { peer, added: head.size - (before?.size ?? 0), notes };
};

const sourcesOf = ({ settings, from }: LedgersAsk): readonly LedgerSource[] => {
  const sources = from === undefined ? settings.collect.ledgers : [{ key: null, from: { dir: from } }];
  if (sources.length > 0) return sources;
  throw new CountersignError('USAGE', { problem: 'no ledger is named, here or under collect.ledgers' });
};

/**
 * Collects one ledger, or those of the configuration, and rebuilds the warehouse with their records. One that was changed,
 * has another key, ends earlier or tells another history than before is refused: what was collected before stays.
 * @throws CountersignError USAGE, RAW_INDEX, and those of `buildWarehouse`
 */
export const collectLedgers = async (ask: LedgersAsk): Promise<LedgersSummary> => {
  const { settings } = ask;
  const { dataDir } = settings.gateway;
  const sources = sourcesOf(ask);
  await makeFolder(peersFolder(dataDir));
  for (const name of await realFiles.list(peersFolder(dataDir))) {
    // Of a collection that was killed.
    if (name.startsWith(INCOMING)) await rm(join(peersFolder(dataDir), name), { recursive: true, force: true });
  }
  let known = await readPeers(dataDir);
  const taken: (PeerLedger & { readonly added: number })[] = [];
  const [refused, notes]: [LedgerProblem[], LedgerProblem[]] = [[], []];
  const exits: ExitCode[] = [];
  for (const one of sources) {
    const source = nameOf(one);
    const scratch = await mkdtemp(join(peersFolder(dataDir), INCOMING));
    try {
      const { peer, added, notes: found } = await takeOne(one, scratch, ask, known);
      known = [...known, peer];
      await writeAtomic(peersIndex(dataDir), Buffer.from(formatPeers(known)));
      taken.push({ ...peer, added });
      notes.push(...found.map((why) => ({ source, reason: why })));
      if (peer.exit === EXIT.incomplete) exits.push(EXIT.incomplete);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push({ source, reason: error.message });
      exits.push(error.exit);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  const onStep = (step: string, done: number, total: number): void => ask.onProgress?.(step, done, total);
  const peers = await peerRecords(settings);
  await buildWarehouse({ dataDir, records: ledgerRecords(settings), peers, settings, onStep });
  return { taken, refused, notes, exit: worstExit([EXIT.ok, ...exits]) };
};
