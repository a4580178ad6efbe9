/** Collects CloudTrail from folders and buckets, rebuilds the warehouse, and says what came of it. */

import { realFiles } from '../base/durable.js';
import { EXIT, type ExitCode, worstExit } from '../base/errors.js';
import type { TrailCheck } from '../base/trail-chain.js';
import type { TrailFinding } from '../base/trail-findings.js';
import { isLookup } from '../base/trail-log.js';
import type { CollectedFile } from '../collect/cloudtrail/files.js';
import { ledgerDir } from '../ledger/folder.js';
import { readLedger } from '../ledger/read.js';
import type { Settings } from '../model/settings.js';
import { type BuiltWarehouse, buildWarehouse } from '../warehouse/build.js';
import type { LedgerEntryLike } from '../warehouse/load-records.js';
import { openWarehouse } from '../warehouse/open.js';
import { type CollectAsk, collectSources } from './collect-sources.js';
import { peerRecords } from './peer-ledgers.js';

/** A file that was not taken, or not taken whole. */
export interface FileProblem {
  readonly file: string;
  readonly reason: string;
}

export interface CollectSummary {
  readonly warehouse: string;
  readonly files: number;
  /** Of the log files collected now and before. */
  readonly events: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly excluded: number;
  readonly conflicts: number;
  readonly digests: {
    readonly valid: number;
    readonly unsigned: number;
    readonly noKey: number;
    readonly invalid: number;
  };
  readonly logs: {
    readonly valid: number;
    readonly changed: number;
    readonly missing: number;
    readonly unverified: number;
    /** No collected digest names them. */
    readonly uncovered: number;
    /** Windows that were looked up: none can be named by a digest. */
    readonly lookedUp: number;
  };
  /** Events by what correlation says, such as MATCHED and BYPASS. */
  readonly matches: Readonly<Record<string, number>>;
  readonly problems: readonly FileProblem[];
  /** What differs from a digest, or a digest that does not hold. */
  readonly integrity: readonly FileProblem[];
  /** What is not there and should be: digests, logs, ends of chains, deleted objects. By object or account/region. */
  readonly missing: readonly FileProblem[];
  /** Everything that the check of digests and logs found, what is only not established among it. */
  readonly findings: readonly TrailFinding[];
  readonly exit: ExitCode;
}

/** The records of the configured ledger; none where the gateway has not run yet. */
export async function* ledgerRecords(settings: Settings): AsyncGenerator<LedgerEntryLike> {
  const dir = ledgerDir(settings.gateway.dataDir, settings.ledger.origin);
  if ((await realFiles.facts(dir)) === undefined) return;
  yield* readLedger(dir);
}

const named = (findings: readonly TrailFinding[], severity: TrailFinding['severity']): readonly FileProblem[] =>
  findings
    .filter((finding) => finding.severity === severity)
    .map(({ subject, message }) => ({ file: subject, reason: message }));

const countsOf = ({ digests, logs }: TrailCheck): Pick<CollectSummary, 'digests' | 'logs'> => {
  const signed = (word: string): number =>
    digests.filter(({ signature, status }) => status !== 'INVALID' && signature === word).length;
  const delivered = logs.filter(({ key }) => !isLookup(key));
  const state = (...words: readonly string[]): number => delivered.filter((log) => words.includes(log.state)).length;
  return {
    digests: {
      valid: signed('valid'),
      unsigned: signed('unsigned'),
      noKey: signed('no_key'),
      invalid: digests.filter(({ status }) => status === 'INVALID').length,
    },
    logs: {
      valid: state('valid'),
      changed: state('changed'),
      missing: state('missing'),
      unverified: state('unverified'),
      uncovered: state('in_no_digest', 'not_covered_yet'),
      lookedUp: logs.length - delivered.length,
    },
  };
};

const matchesOf = async (file: string): Promise<Readonly<Record<string, number>>> => {
  const warehouse = await openWarehouse(file, { readOnly: true });
  try {
    const rows = await warehouse.query('SELECT kind, count(*) AS n FROM event_match GROUP BY 1 ORDER BY 1');
    return Object.fromEntries(rows.map((row) => [JSON.stringify(row['kind']).slice(1, -1), Number(row['n'])]));
  } finally {
    await warehouse.close();
  }
};

const summarize = async (files: readonly CollectedFile[], built: BuiltWarehouse): Promise<CollectSummary> => {
  const problems = files
    .filter(({ problem }) => problem)
    .map(({ key, reason, rejected, rowsRead }) => ({
      file: key,
      reason: rejected > 0 ? `${rejected} of ${rowsRead} records rejected; ${reason}` : (reason ?? ''),
    }));
  const integrity = named(built.findings, 'integrity');
  const missing = named(built.findings, 'incomplete');
  // Without digests nothing is established anyway; beside them, a log that none names is missing from one.
  const uncovered =
    built.trail.digests.length > 0 &&
    built.trail.logs.some(({ key, state }) => !isLookup(key) && (state === 'in_no_digest' || state === 'unverified'));
  const incomplete = problems.length > 0 || built.conflicts > 0 || missing.length > 0 || uncovered;
  const sum = (of: 'duplicate' | 'rejected' | 'excluded'): number =>
    built.files.reduce((total, file) => total + file[of], 0);
  return {
    warehouse: built.file,
    files: files.length,
    events: built.events,
    duplicates: sum('duplicate'),
    rejected: sum('rejected'),
    excluded: sum('excluded'),
    conflicts: built.conflicts,
    ...countsOf(built.trail),
    matches: await matchesOf(built.file),
    problems,
    integrity,
    missing,
    findings: built.findings,
    exit: worstExit([integrity.length > 0 ? EXIT.integrity : EXIT.ok, incomplete ? EXIT.incomplete : EXIT.ok]),
  };
};

/**
 * Collects one folder, or the sources of the configuration, and rebuilds the warehouse from all that was ever collected
 * and from the ledger, which a running gateway may go on writing.
 * The exit is 12 where a log or digest is not what a digest says, 11 where files were not taken whole or are missing.
 * @throws CountersignError USAGE, COLLECT_FOLDER, COLLECT_BUCKET, and those of `buildWarehouse`
 */
export const collectCloudTrail = async (ask: CollectAsk): Promise<CollectSummary> => {
  const { dataDir } = ask.settings.gateway;
  const files = await collectSources(ask);
  const records = ledgerRecords(ask.settings);
  const onStep = (step: string, done: number, total: number): void => ask.onProgress?.(step, done, total);
  return summarize(
    files,
    await buildWarehouse({ dataDir, records, peers: await peerRecords(ask.settings), settings: ask.settings, onStep }),
  );
};
