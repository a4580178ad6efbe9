import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertCriteria, loadControls, loadCriteria } from '../../src/controls/load.js';

const SHIPPED = fileURLToPath(new URL('../../controls/soc2', import.meta.url));
let dir: string;

/** Criteria to which records, approvals and AWS events can speak directly or in part. */
const EVIDENCED =
  'CC4.1 CC4.2 CC5.2 CC5.3 CC6.1 CC6.2 CC6.3 CC6.6 CC6.7 CC7.1 CC7.2 CC7.3 CC8.1 PI1.2 PI1.3 PI1.5 C1.1 C1.2 P4.1 P4.2 P4.3 P6.3'.split(
    ' ',
  );

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-load-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const GOOD = `id: X-ONE-01
title: A title
statement: Who does what.
owner: Someone
frequency: daily
category: [security]
criteria: [CC6.1]
requires: [gateway]
risk: Something happens.
test: Look at it.
remediation: Mend it.
limits: Nothing else.
`;

const put = (name: string, yaml: string, files: readonly string[] = ['population.sql', 'exceptions.sql']): void => {
  mkdirSync(join(dir, name));
  writeFileSync(join(dir, name, 'control.yaml'), yaml);
  for (const file of files) writeFileSync(join(dir, name, file), 'SELECT 1');
};

describe('controls that ship', () => {
  it('load, name only known criteria, and sort by id', async () => {
    const controls = await loadControls([SHIPPED]);
    const { criteria } = await loadCriteria(join(SHIPPED, 'criteria.yaml'));
    assertCriteria(controls, criteria);
    expect(controls.length).toBeGreaterThanOrEqual(22);
    expect(controls.map(({ id }) => id)).toEqual(controls.map(({ id }) => id).sort());
  });

  it('hold all 61 criteria, in their groups', async () => {
    const { criteria } = await loadCriteria(join(SHIPPED, 'criteria.yaml'));
    const groups: Record<string, number> = {};
    for (const { id } of criteria) {
      const group = id.replace(/[0-9.]+$/, '');
      groups[group] = (groups[group] ?? 0) + 1;
    }
    expect(groups).toEqual({ CC: 33, A: 3, PI: 5, C: 2, P: 18 });
  });

  it('speak to every criterion of which operating evidence can be had at a recording gateway', async () => {
    const { criteria } = await loadCriteria(join(SHIPPED, 'criteria.yaml'));
    const strong = criteria.filter(({ strength }) => strength === 'direct' || strength === 'partial');
    expect(strong.map(({ id }) => id)).toEqual(EVIDENCED);
    for (const { id, text, evidence } of criteria) {
      expect([id, text.length > 15, evidence.length > 15]).toEqual([id, true, true]);
    }
  });

  it('are named by the lines of the criteria, and name them', async () => {
    const controls = await loadControls([SHIPPED]);
    const { criteria } = await loadCriteria(join(SHIPPED, 'criteria.yaml'));
    const ids = new Set(controls.map(({ id }) => id));
    const unknown = criteria.flatMap(({ evidence }) => [...evidence.matchAll(/CS-[A-Z]{3}-\d\d/g)].map(([id]) => id));
    expect(unknown.filter((id) => !ids.has(id))).toEqual([]);
    const wrong = criteria.flatMap(({ id, evidence }) =>
      controls.filter((one) => evidence.includes(one.id) && !one.criteria.includes(id)).map((one) => [id, one.id]),
    );
    expect(wrong).toEqual([]);
  });

  it('claim no strength without a control, and no control for a criterion of no strength', async () => {
    const controls = await loadControls([SHIPPED]);
    const { criteria } = await loadCriteria(join(SHIPPED, 'criteria.yaml'));
    const named = new Set(controls.flatMap((control) => control.criteria));
    const strong = criteria.filter(({ strength }) => strength === 'direct' || strength === 'partial');
    expect(strong.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
    const none = criteria.filter(({ strength }) => strength === 'none').map(({ id }) => id);
    expect(none.filter((id) => named.has(id))).toEqual([]);
  });

  it('span the five categories', async () => {
    const controls = await loadControls([SHIPPED]);
    expect(new Set(controls.flatMap(({ category }) => category)).size).toBe(5);
  });
});

describe('a control that cannot be used', () => {
  it.each([
    ['an unknown field', `${GOOD}color: red\n`, /control\.yaml.*13:1.*Unrecognized key/s],
    ['a wrong type', GOOD.replace('[CC6.1]', 'CC6.1'), /7:11 criteria/],
    ['a criterion that is none', GOOD.replace('CC6.1', 'CC66'), /criteria\.0 a criterion id such as CC6.1/],
    ['an unknown source', GOOD.replace('[gateway]', '[moon]'), /8:12 requires\.0/],
    ['a repeated key', `${GOOD}owner: Other\n`, /13:1 Map keys must be unique/],
    ['YAML that is none', 'id: [', /control\.yaml/],
    ['an alias bomb', `${GOOD.replace('id: X-ONE-01', 'id: &a X-ONE-01')}x: *a\n`, /./],
    ['another id than its folder', GOOD.replace('X-ONE-01', 'X-TWO-02'), /folder must be named X-TWO-02/],
  ])('%s is refused with its place', async (_what, yaml, message) => {
    put('X-ONE-01', yaml);
    await expect(loadControls([dir])).rejects.toMatchObject({
      code: 'CONTROL_INVALID',
      exit: 2,
      message: expect.stringMatching(message),
    });
  });

  it('missing SQL, a missing folder and an empty folder are named', async () => {
    await expect(loadControls([dir])).rejects.toMatchObject({ code: 'CONTROL_INVALID' });
    await expect(loadControls([join(dir, 'none')])).rejects.toMatchObject({ code: 'CONTROL_INVALID' });
    put('X-ONE-01', GOOD, ['population.sql']);
    await expect(loadControls([dir])).rejects.toThrow('exceptions.sql');
  });

  it('an id that is defined twice is refused', async () => {
    put('CS-ACC-01', GOOD.replace('X-ONE-01', 'CS-ACC-01'));
    await expect(loadControls([SHIPPED, dir])).rejects.toMatchObject({ code: 'CONTROL_DUPLICATE', exit: 2 });
  });

  it('a criterion that does not exist is refused', async () => {
    put('X-ONE-01', GOOD.replace('CC6.1', 'CC9.9'));
    const controls = await loadControls([dir]);
    const { criteria } = await loadCriteria(join(SHIPPED, 'criteria.yaml'));
    expect(() => assertCriteria(controls, criteria)).toThrow('no criterion CC9.9');
  });

  it('a further control beside those that ship loads', async () => {
    put('X-ONE-01', GOOD);
    const controls = await loadControls([SHIPPED, dir]);
    expect(controls.at(-1)?.id).toBe('X-ONE-01');
  });
});
