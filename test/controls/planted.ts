/** Runs every shipped test of control over a planted quarter, as a report does. */
import { rmSync } from 'node:fs';
import { sourceFacts } from '../../src/app/report/sources.js';
import { controlSet } from '../../src/app/report.js';
import { runControls } from '../../src/controls/run.js';
import { rescan } from '../../src/masking/rescan.js';
import type { TestResult, Verification } from '../../src/model/evidence.js';
import { buildWarehouse } from '../../src/warehouse/build.js';
import { openWarehouse } from '../../src/warehouse/open.js';
import { streamOf } from '../warehouse/ledger.js';
import { SETTINGS } from '../warehouse/settings.js';
import { dataFolder, PERIOD, type Quarter } from './planted-world.js';

const VERIFIED: Verification = {
  target: 'ledger',
  kind: 'ledger',
  established: ['all records are chained'],
  findings: [],
  ledgers: [],
  exit: 0,
};

export const testQuarter = async (quarter: Quarter): Promise<readonly TestResult[]> => {
  const dataDir = await dataFolder(quarter);
  try {
    const settings = { ...quarter.settings, gateway: { ...SETTINGS.gateway, dataDir } };
    const bad = { ok: false, code: 'CHAIN_BREAK', message: 'record 7' };
    const check = quarter.ledgerOk ? { ok: true, code: null, message: null } : bad;
    const { file } = await buildWarehouse({
      dataDir,
      records: streamOf(quarter.entries()),
      settings,
      period: PERIOD,
      rescan,
      ledgerCheck: [{ origin: settings.ledger.origin, ...check }],
    });
    const warehouse = await openWarehouse(file, { readOnly: true });
    try {
      const { controls } = await controlSet([]);
      const { sources } = await sourceFacts(warehouse, settings, PERIOD, VERIFIED, PERIOD.to);
      return await runControls(controls, (sql, values) => warehouse.query(sql, values), { period: PERIOD, sources });
    } finally {
      await warehouse.close();
    }
  } finally {
    rmSync(dataDir, { recursive: true });
  }
};

/** Control and item, as violations name them: without record numbers, and of a log's key the end of its name. */
export const foundIn = (results: readonly TestResult[]): readonly string[] =>
  [
    ...new Set(
      results.flatMap(({ control, exceptions }) =>
        exceptions.map(({ item }) => {
          const name = /_([A-Za-z0-9]{16})\.json\.gz$/.exec(item)?.[1] ?? item.replace(/#\d+$/, '');
          return `${control} ${control === 'CS-LOG-01' ? '' : name}`;
        }),
      ),
    ),
  ].sort();
