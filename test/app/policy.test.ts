import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { checkPolicy, explainCall, testPolicy } from '../../src/app/policy.js';
import type { Settings } from '../../src/model/settings.js';
import { GOOD } from './config/example.js';

let dir: string;
let settings: Settings;

const CASES = `version: 1
cases:
  - name: engineers read
    principal: { groups: [engineering] }
    call: { server: files, tool: read_file, args: { path: /srv/a } }
    expect: allow
    rule: reads
  - name: writes are held
    principal: { groups: [engineering] }
    call: { server: billing, tool: write_file }
    expect: { approval: two-eyes }
  - name: nobody pays
    call: { server: billing, tool: pay }
    expect: deny
`;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-policy-'));
  await writeFile(join(dir, 'countersign.yaml'), GOOD);
  settings = await loadSettings(join(dir, 'countersign.yaml'), {});
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const tested = async (text: string) => {
  const file = join(dir, 'policy-cases.yaml');
  await writeFile(file, text);
  return testPolicy(settings);
};

describe('policy test', () => {
  it('runs the cases beside the configuration', async () => {
    expect(await tested(CASES)).toMatchObject({ exit: 0, untested: [], cases: [{}, {}, {}] });
  });

  it('says what was decided instead, and ends with 10', async () => {
    const result = await tested(CASES.replace('expect: deny', 'expect: allow').replace('rule: reads', 'rule: writes'));
    expect(result.exit).toBe(10);
    expect(result.cases.map(({ problem }) => problem)).toEqual([
      'expected rule writes, was reads',
      null,
      'expected allow, was deny. No rule lets a principal without groups call pay on billing.',
    ]);
  });

  it('names every bad place of the file', async () => {
    const bad = CASES.replace('tool: pay', 'tol: pay').replace('expect: allow', 'expect: maybe');
    await expect(tested(bad)).rejects.toMatchObject({
      code: 'CASES_INVALID',
      exit: 2,
      message: expect.stringMatching(/6:13 cases\[0\]\.expect: .*[^]*13:\d+ cases\[2\]\.call/),
    });
  });

  it('says so where there is no such file', async () => {
    await expect(testPolicy(settings, join(dir, 'none.yaml'))).rejects.toMatchObject({ code: 'CASES_INVALID' });
  });
});

describe('policy explain', () => {
  it('shows the decision and what became of each rule', () => {
    const explained = explainCall(settings, { groups: ['engineering'], server: 'files', target: 'write_file' });
    expect(explained).toMatchObject({ exit: 0, decision: { effect: 'require_approval', rule: 'writes' } });
    expect(explained.steps.map(({ rule, fit }) => [rule, fit])).toEqual([
      ['reads', 'names'],
      ['writes', 'fits'],
    ]);
    const denied = explainCall(settings, { groups: [], server: 'files', target: 'read_file' });
    expect(denied.exit).toBe(14);
    expect(denied.steps[0]).toMatchObject({
      fit: 'principal',
      sentence: 'It is about other principals: groups engineering.',
    });
  });

  it('takes arguments as a JSON object alone', () => {
    const ask = { groups: [], server: 'files', target: 'x', args: '[1]' };
    expect(() => explainCall(settings, ask)).toThrow('the arguments are no JSON object');
  });
});

describe('policy check', () => {
  it('finds nothing in a good policy, and a rule that never decides', async () => {
    expect(await checkPolicy(settings)).toEqual({ rules: 2, findings: [], toolsKnown: [], exit: 0 });
    const [reads] = settings.policy;
    if (!reads) throw new Error('no rule');
    const twice = { ...settings, policy: [reads, { ...reads, id: 'again' }] };
    expect(await checkPolicy(twice)).toMatchObject({ exit: 10, findings: [{ rule: 'again', kind: 'unreachable' }] });
  });
});
