import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlsTested, testControls } from '../../src/app/controls-test.js';
import { withEmptyWarehouse } from '../../src/app/empty-warehouse.js';
import { runCases } from '../../src/controls/cases.js';
import { loadControls } from '../../src/controls/load.js';

const SHIPPED = fileURLToPath(new URL('../../controls/soc2', import.meta.url));

let dir: string;
let tested: ControlsTested;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-cases-'));
  tested = await testControls([]);
});
afterAll(() => rmSync(dir, { recursive: true }));

const own = (name: string, cases: string): string => {
  const folder = join(dir, name);
  mkdirSync(join(folder, 'MY-OWN-01'), { recursive: true });
  const put = (file: string, text: string): void => writeFileSync(join(folder, 'MY-OWN-01', file), text);
  put(
    'control.yaml',
    `id: MY-OWN-01
title: No call at all
statement: s
owner: o
frequency: f
category: [security]
criteria: [CC6.1]
requires: [gateway]
risk: r
test: t
remediation: r
limits: l
`,
  );
  put('population.sql', `SELECT call_id AS item, t AS time, 'p' AS person, 'w' AS what FROM gw_call`);
  put(
    'exceptions.sql',
    `SELECT call_id AS item, t AS time, 'p' AS person, 'w' AS what, 'none' AS expected, 'one' AS found FROM gw_call`,
  );
  put('cases.yaml', cases);
  return folder;
};

describe('the cases of the controls that ship', () => {
  it('all pass', () => {
    expect(tested.cases.filter(({ passed }) => !passed)).toEqual([]);
    expect(tested.exit).toBe(0);
    expect(tested.without).toEqual([]);
  });

  it('hold one for each result the test can have', async () => {
    for (const { id, cases } of await loadControls([SHIPPED])) {
      const words = ['no_exceptions', 'exceptions', 'no_occurrence', 'not_testable'];
      expect([id, words.filter((word) => cases.every(({ expect: said }) => said !== word))]).toEqual([id, []]);
    }
  });
});

describe('cases of one’s own', () => {
  const failing = async (name: string, cases: string): Promise<string | null | undefined> => {
    const controls = await loadControls([own(name, cases)]);
    const [outcome] = await withEmptyWarehouse((world) => runCases(controls, world));
    expect(outcome?.passed).toBe(false);
    return outcome?.problem;
  };

  it('that expect another result, other items or another population fail and say so', async () => {
    expect(
      await failing('a', 'cases: [{ name: n, expect: no_exceptions, rows: { gw_call: [{ call_id: c1 }] } }]'),
    ).toBe('expected no_exceptions, found exceptions');
    expect(
      await failing('b', 'cases: [{ name: n, expect: exceptions, items: [c2], rows: { gw_call: [{ call_id: c1 }] } }]'),
    ).toBe('expected exceptions on c2, found c1');
    expect(await failing('c', 'cases: [{ name: n, expect: no_occurrence, population: 1 }]')).toBe(
      'expected 1 items in the population, found 0',
    );
  });

  it('with a table or column that is none fail, and a name is never run as SQL', async () => {
    expect(await failing('d', 'cases: [{ name: n, expect: exceptions, rows: { nowhere: [{ a: 1 }] } }]')).toContain(
      'nowhere',
    );
    expect(
      await failing('e', `cases: [{ name: n, expect: exceptions, rows: { 'gw_call; DROP TABLE gw_call': [{}] } }]`),
    ).toContain('is no name of a table or column');
  });

  it('that fail end the command with 10', async () => {
    const { exit, cases } = await testControls([own('g', 'cases: [{ name: n, expect: exceptions }]')]);
    expect([exit, cases.filter(({ passed }) => !passed).map(({ control }) => control)]).toEqual([10, ['MY-OWN-01']]);
  });

  it('with an unknown field are refused with its place', async () => {
    await expect(testControls([own('f', 'cases: [{ name: n, expects: exceptions }]')])).rejects.toMatchObject({
      code: 'CONTROL_INVALID',
    });
  });
});
