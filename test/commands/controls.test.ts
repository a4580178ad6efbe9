import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import ControlsList from '../../src/commands/controls/list.js';
import { root, takeOutput } from './said.js';

const CONFIG = `version: 1
organization: { name: Example Inc }
gateway: { publicUrl: 'https://mcp.example.com', dataDir: ./data }
identity:
  issuers: [{ issuer: 'https://login.example.com', audience: a }]
servers: { files: { stdio: { command: files } } }
policy: []
ledger: { origin: example.com/mcp/gw-1 }
evidence: { controls: [./mine] }
`;
const CONTROL = `id: MY-ONE-01
title: Nobody calls on a Sunday
statement: s
owner: o
frequency: f
category: [security]
criteria: [CC6.1]
frameworks: { 'ISO/IEC 27001:2022': [A.5.15] }
requires: [gateway]
risk: r
test: t
remediation: m
limits: l
`;
const ITEMS = 'SELECT call_id AS item, t AS time, principal AS person, server AS what';

let folder: string;
const said = takeOutput();

const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text, { mode: 0o600 });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-controls-'));
  await write('countersign.yaml', CONFIG);
  await mkdir(join(folder, 'mine/MY-ONE-01'), { recursive: true });
  await write('mine/MY-ONE-01/control.yaml', CONTROL);
  await write('mine/MY-ONE-01/population.sql', `${ITEMS} FROM gw_call`);
  await write('mine/MY-ONE-01/exceptions.sql', `${ITEMS}, 'a' AS expected, 'b' AS found FROM gw_call WHERE FALSE`);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('countersign controls list', () => {
  it('lists those that ship, and with a configuration those of its folders, with what they speak to', async () => {
    await ControlsList.run([], root);
    expect(said.out).toContain('CS-NET-01');
    expect(said.out).not.toContain('MY-ONE-01');
    await ControlsList.run(['-c', join(folder, 'countersign.yaml')], root);
    expect(said.out).toMatch(/MY-ONE-01 +CC6\.1 ISO\/IEC 27001:2022: A\.5\.15 +Nobody calls on a Sunday/);
  });

  it('says what is wrong with one, in which file and line, and ends with 2', async () => {
    await write('mine/MY-ONE-01/exceptions.sql', `${ITEMS}\nFROM calls`);
    await ControlsList.run(['--dir', join(folder, 'mine')], root);
    expect(said.err).toContain('MY-ONE-01/exceptions.sql');
    expect(said.err).toContain('line 2:');
    expect(process.exitCode).toBe(2);
  });
});
