import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Control } from '../../src/controls/definition.js';
import { runControls } from '../../src/controls/run.js';
import { PERIOD, type TestWarehouse, testWarehouse } from './tables.js';

let warehouse: TestWarehouse;
beforeAll(async () => {
  warehouse = await testWarehouse();
});
afterAll(() => warehouse.close());

const POPULATION = `SELECT 'i' || n AS item, TIMESTAMP '2026-11-24 05:00:00' AS time, 'p' AS person, 'w' AS what FROM range(3) AS r(n)`;
const EXCEPTIONS = `SELECT 'i1' AS item, NULL::TIMESTAMP AS time, 'p' AS person, 'w' AS what, 'e' AS expected, 'f' AS found`;

const control = (sql: Partial<Control['sql']>, over: Partial<Control> = {}): Control => ({
  id: 'X-ONE-01',
  title: 't',
  statement: 's',
  owner: 'o',
  frequency: 'f',
  category: ['security'],
  criteria: ['CC6.1'],
  frameworks: {},
  risk: 'r',
  requires: ['gateway'],
  test: 't',
  remediation: 'm',
  limits: 'l',
  sql: { population: POPULATION, exceptions: `${EXCEPTIONS} WHERE FALSE`, ...sql },
  cases: [],
  files: [],
  ...over,
});

const run = async (one: Control, sources: Iterable<'gateway' | 'cloudtrail'> = ['gateway']) =>
  (
    await runControls([one], (sql, parameters) => warehouse.query(sql, parameters), {
      period: PERIOD,
      sources: new Set(sources),
    })
  )[0];

describe('a test of control', () => {
  it('without exceptions, with a comment and a semicolon at the end', async () => {
    const sql = { population: `${POPULATION}; -- all\n`, exceptions: `${EXCEPTIONS} WHERE FALSE -- none` };
    expect(await run(control({ ...sql, population: `${POPULATION};\n` }))).toMatchObject({
      result: 'no_exceptions',
      population: 3,
    });
    expect(await run(control({ exceptions: sql.exceptions }))).toMatchObject({ result: 'no_exceptions' });
  });

  it('with exceptions', async () => {
    expect(await run(control({ exceptions: EXCEPTIONS }))).toMatchObject({
      result: 'exceptions',
      population: 3,
      exceptions: [{ item: 'i1', time: null, person: 'p', what: 'w', expected: 'e', found: 'f' }],
    });
  });

  it('without population is no occurrence, never a pass', async () => {
    const population = `${POPULATION} WHERE FALSE`;
    expect(await run(control({ population }))).toMatchObject({ result: 'no_occurrence', population: 0 });
  });

  it('without its source is not testable and names it, and its SQL is not run', async () => {
    const broken = control({ population: 'SELECT nonsense' }, { requires: ['gateway', 'cloudtrail'] });
    expect(await run(broken)).toMatchObject({
      result: 'not_testable',
      reason: 'No CloudTrail log of the period was collected.',
    });
  });

  it('whose SQL fails is an error that says why', async () => {
    const result = await run(control({ population: 'SELECT nope FROM nowhere' }));
    expect(result).toMatchObject({ result: 'error', exceptions: [] });
    expect(result?.reason).toContain('nowhere');
  });

  it('whose exceptions are not of its population is an error', async () => {
    const exceptions = EXCEPTIONS.replace("'i1'", "'stranger'");
    expect(await run(control({ exceptions }))).toMatchObject({ result: 'error' });
  });

  it('whose population counts an item twice is an error', async () => {
    const population = `${POPULATION} UNION ALL ${POPULATION}`;
    expect(await run(control({ population }))).toMatchObject({ result: 'error' });
  });

  it('lists exceptions in a total order, whatever the query', async () => {
    const rows = (dir: string): string =>
      `SELECT 'i' || n AS item, TIMESTAMP '2026-11-24 05:00:00' AS time, 'p' AS person, 'w' AS what, 'e' AS expected, 'f' AS found
       FROM range(3) AS r(n) ORDER BY n ${dir}`;
    const up = await run(control({ exceptions: rows('ASC') }));
    const down = await run(control({ exceptions: rows('DESC') }));
    expect(up?.exceptions).toEqual(down?.exceptions);
    expect(up?.exceptions.map(({ item }) => item)).toEqual(['i0', 'i1', 'i2']);
  });
});
