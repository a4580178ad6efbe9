/** The tests of control of a period, from a data folder: verify, load, test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAbandoned } from '../../base/abandoned.js';
import { makeFolder, realFiles } from '../../base/durable.js';
import type { CountersignError } from '../../base/errors.js';
import type { Control } from '../../controls/definition.js';
import { runControls } from '../../controls/run.js';
import { applyWaivers } from '../../controls/waivers.js';
import { rescan } from '../../masking/rescan.js';
import type { TestResult, Waiver } from '../../model/evidence.js';
import { buildWarehouse } from '../../warehouse/build.js';
import { openWarehouse, type Warehouse } from '../../warehouse/open.js';
import { peerRecords } from '../peer-ledgers.js';
import type { ReportAsk } from './ask.js';
import { type CheckedLedger, checkLedger, ledgerRows } from './ledger.js';
import { undamaged } from './snapshot.js';
import { sourceFacts } from './sources.js';

export type PerformAsk = Pick<ReportAsk, 'settings' | 'period' | 'onProgress'> & {
  /** Milliseconds since 1970; absent: after the period. */
  readonly now?: number;
};

/** What there is while the tests' warehouse is open. */
export interface Performed {
  readonly ledger: CheckedLedger;
  readonly warehouse: Warehouse;
  readonly results: readonly TestResult[];
  /** Why sources are not complete, in sentences. */
  readonly incomplete: readonly string[];
}

async function* nothing(): AsyncGenerator<never> {}

const load = async (ask: PerformAsk, ledger: CheckedLedger, damage: string[]): Promise<Warehouse> => {
  const { settings, period } = ask;
  const onDamage = (error: CountersignError): void => {
    damage.push(`Records after the damage are not loaded: ${error.message}.`);
  };
  const there = (await realFiles.facts(ledger.dir)) !== undefined;
  const built = await buildWarehouse({
    dataDir: settings.gateway.dataDir,
    records: there ? undamaged(ledger.dir, onDamage) : nothing(),
    peers: await peerRecords(settings),
    settings,
    period,
    rescan,
    ledgerCheck: ledgerRows(settings.ledger.origin, ledger),
    onStep: (step, done, total) => ask.onProgress?.(step, done, total),
  });
  return openWarehouse(built.file, { readOnly: true });
};

/** What is tested, and which waivers lie over what is found. */
export interface TestPlan {
  readonly controls: readonly Control[];
  readonly waivers: readonly Waiver[];
}

const test = async (
  ask: PerformAsk,
  { controls, waivers }: TestPlan,
  { warehouse, ledger }: Pick<Performed, 'warehouse' | 'ledger'>,
): Promise<Pick<Performed, 'results' | 'incomplete'>> => {
  const { settings, period } = ask;
  const { sources, incomplete } = await sourceFacts(
    warehouse,
    settings,
    period,
    ledger.verification,
    ask.now ?? period.to,
  );
  const results = await runControls(controls, (sql, parameters) => warehouse.query(sql, parameters), {
    period,
    sources,
    onControl: (_id, done, total) => ask.onProgress?.('tests', done, total),
  });
  return { results: applyWaivers(results, waivers, period), incomplete };
};

/** A report that was killed leaves its copy of the ledger. */
const COPIES = /^\.report-(\d{1,10})-/;

/** The warehouse of a period, and what was wrong with the ledger, in sentences. */
interface Opened extends Pick<Performed, 'ledger' | 'warehouse'> {
  readonly damage: readonly string[];
}

/**
 * Verifies a copy of the ledger and builds the warehouse, which is open while `use` runs. The copy is removed afterwards.
 * @throws CountersignError what building the warehouse throws
 */
export const withWarehouse = async <T>(ask: PerformAsk, use: (opened: Opened) => Promise<T>): Promise<T> => {
  const { dataDir } = ask.settings.gateway;
  await makeFolder(dataDir);
  await removeAbandoned(dataDir, COPIES);
  const scratch = await mkdtemp(join(dataDir, `.report-${process.pid}-`));
  try {
    const ledger = await checkLedger(ask, scratch);
    const damage: string[] = [];
    const warehouse = await load(ask, ledger, damage);
    try {
      return await use({ ledger, warehouse, damage });
    } finally {
      await warehouse.close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/**
 * Runs every test of control over the warehouse of a period; `use` gets what came of it while the warehouse is open.
 * @throws CountersignError what building and asking the warehouse throw
 */
export const perform = <T>(ask: PerformAsk, plan: TestPlan, use: (performed: Performed) => Promise<T>): Promise<T> =>
  withWarehouse(ask, async ({ ledger, warehouse, damage }) => {
    const { results, incomplete } = await test(ask, plan, { warehouse, ledger });
    return use({ ledger, warehouse, results, incomplete: [...damage, ...incomplete] });
  });
