/** Three shipped tests over a ledger on disk, beside their second implementation. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { controlSet } from '../../src/app/report.js';
import { populationQuery, runControls } from '../../src/controls/run.js';
import { readLedger } from '../../src/ledger/read.js';
import { buildWarehouse } from '../../src/warehouse/build.js';
import { cellText, openWarehouse } from '../../src/warehouse/open.js';
import { SETTINGS } from '../warehouse/settings.js';
import { QUARTER, type Quarter, writeQuarter } from './quarter.js';
import { type Found, readLines, secondTests } from './second.js';

const TESTED = ['CS-ACC-01', 'CS-APP-01', 'CS-APP-02'];

/** What the shipped SQL finds in a ledger. */
const bySql = async (dir: string): Promise<Readonly<Record<string, Found>>> => {
  const settings = { ...SETTINGS, gateway: { ...SETTINGS.gateway, dataDir: dir } };
  const { file } = await buildWarehouse({ dataDir: dir, records: readLedger(dir), settings, period: QUARTER });
  const warehouse = await openWarehouse(file, { readOnly: true });
  try {
    const { controls } = await controlSet([]);
    const three = controls.filter(({ id }) => TESTED.includes(id));
    const bounds = { from: new Date(QUARTER.from).toISOString(), to: new Date(QUARTER.to).toISOString() };
    const results = await runControls(three, (sql, parameters) => warehouse.query(sql, parameters), {
      period: QUARTER,
      sources: new Set(three.flatMap(({ requires }) => requires)),
    });
    const found: [string, Found][] = [];
    for (const { control, exceptions, sql, result } of results) {
      expect(['exceptions', 'no_exceptions', 'no_occurrence']).toContain(result);
      const population = await warehouse.query(populationQuery(sql.population), bounds);
      const listed = exceptions.map((one) => `${one.item}: ${one.found}`).sort();
      found.push([control, { population: population.map(({ item }) => cellText(item)).sort(), exceptions: listed }]);
    }
    return Object.fromEntries(found);
  } finally {
    await warehouse.close();
  }
};

/** What both find in a quarter. */
export const both = async (quarter: Quarter) => {
  const dir = mkdtempSync(join(tmpdir(), 'cs-second-'));
  try {
    await writeQuarter(dir, quarter);
    return { sql: await bySql(dir), second: secondTests(readLines(dir), QUARTER, SETTINGS.people) };
  } finally {
    rmSync(dir, { recursive: true });
  }
};
