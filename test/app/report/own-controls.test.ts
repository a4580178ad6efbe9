/** Controls of the organisation's own: taken up beside those that ship, and refused before anything is loaded. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlSet } from '../../../src/app/report.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-own-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const YAML = `id: MY-ONE-01
title: Nobody calls on a Sunday
statement: s
owner: o
frequency: f
category: [security]
frameworks:
  ISO/IEC 27001:2022: [A.5.15, A.8.15]
  PCI DSS 4.0.1: ['10.2.1']
requires: [gateway]
risk: r
test: t
remediation: m
limits: l
`;
const ITEM = `SELECT call_id AS item, t AS time, principal AS person, server AS what`;
const POPULATION = `${ITEM}\nFROM gw_call`;
const EXCEPTIONS = `${ITEM}, 'none' AS expected, 'one' AS found\nFROM gw_call WHERE dayofweek(t) = 0`;

const put = (sql: { population?: string; exceptions?: string; yaml?: string; id?: string } = {}): void => {
  const id = sql.id ?? 'MY-ONE-01';
  mkdirSync(join(dir, id));
  writeFileSync(join(dir, id, 'control.yaml'), (sql.yaml ?? YAML).replace('MY-ONE-01', id));
  writeFileSync(join(dir, id, 'population.sql'), sql.population ?? POPULATION);
  writeFileSync(join(dir, id, 'exceptions.sql'), sql.exceptions ?? EXCEPTIONS);
};

const refused = async (problem: RegExp): Promise<void> => {
  await expect(controlSet([dir])).rejects.toMatchObject({
    code: 'CONTROL_INVALID',
    exit: 2,
    message: expect.stringMatching(problem),
  });
};

describe('a control of the organisation’s own', () => {
  it('stands beside those that ship, and may speak to other frameworks alone', async () => {
    put();
    const { controls } = await controlSet([dir]);
    const shipped = (await controlSet([])).controls;
    expect(controls).toHaveLength(shipped.length + 1);
    const own = controls.find(({ id }) => id === 'MY-ONE-01');
    expect(own?.frameworks).toEqual({ 'ISO/IEC 27001:2022': ['A.5.15', 'A.8.15'], 'PCI DSS 4.0.1': ['10.2.1'] });
    expect(own?.criteria).toEqual([]);
    expect(controls.filter(({ id }) => id !== 'MY-ONE-01')).toEqual(shipped);
  });

  it('that speaks to nothing is refused', async () => {
    put({ yaml: YAML.replace(/frameworks:\n.*\n.*\n/, '') });
    await refused(/control\.yaml.*criteria must name a criterion, or a requirement of another framework/);
  });

  it('overrides none that ships, and none of another folder', async () => {
    put({ id: 'CS-NET-01' });
    await expect(controlSet([dir])).rejects.toMatchObject({ code: 'CONTROL_DUPLICATE', exit: 2 });
    rmSync(join(dir, 'CS-NET-01'), { recursive: true });
    put();
    await expect(controlSet([dir, dir])).rejects.toMatchObject({ code: 'CONTROL_DUPLICATE' });
  });

  it.each([
    ['SQL that is none', { population: 'SELEC item FROM gw_call' }, /MY-ONE-01\/population\.sql.*syntax error/],
    [
      'a table that is none',
      { exceptions: 'SELECT *\nFROM calls' },
      /exceptions\.sql.*line 2: .*Table with name calls does not exist/,
    ],
    [
      'a column of the warehouse that is none',
      { population: POPULATION.replace('principal', 'who') },
      /population\.sql.*line 1: .*"who" not found/,
    ],
    [
      'a column that the test needs',
      { exceptions: POPULATION },
      /exceptions\.sql.*it gives no column expected, found; it must give item, time/,
    ],
    ['a time that is none', { population: POPULATION.replace('t AS time', "'noon' AS time") }, /population\.sql/],
    [
      'a parameter that nobody gives',
      { population: `${POPULATION} WHERE t > $since::TIMESTAMP` },
      /population\.sql.*since/,
    ],
    ['two statements', { population: `${POPULATION}; SELECT 1` }, /population\.sql.*syntax error/],
    ['a bracket too many', { population: `${POPULATION}) AS p; DROP TABLE gw_call; --` }, /population\.sql/],
  ])('with %s is refused, with the file and the line', async (_what, sql, problem) => {
    put(sql);
    await refused(problem);
  });

  const LOCKED: readonly (readonly [string, string])[] = [
    [
      'a file',
      `SELECT content AS item, NULL::TIMESTAMP AS time, '' AS person, '' AS what FROM read_text('/etc/passwd')`,
    ],
    ['a table by the name of a file', `SELECT * FROM '/etc/passwd'`],
    ['a list of files', `SELECT file AS item, NULL::TIMESTAMP AS time, '' AS person, '' AS what FROM glob('/etc/*')`],
    ['another database', `ATTACH '/tmp/other.duckdb'`],
    ['the network', `SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')`],
    ['an extension', `INSTALL httpfs`],
    ['a setting', `SET enable_external_access = true`],
    ['writing', `INSERT INTO gw_call SELECT * FROM gw_call`],
    ['copying out', `COPY gw_call TO '/tmp/cs-own-copy.csv'`],
    ['the environment', `SELECT getenv('HOME') AS item, NULL::TIMESTAMP AS time, '' AS person, '' AS what`],
  ];
  it.each(LOCKED)('reads the warehouse and nothing else: not %s', async (_what, population) => {
    put({ population });
    await refused(/population\.sql/);
  });
});
