import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import CollectRegister from '../../src/commands/collect/register.js';
import { root, takeOutput } from './said.js';

const CONFIG = `version: 1
organization: { name: Example Inc }
gateway: { publicUrl: 'https://mcp.example.com', dataDir: ./data }
identity:
  issuers: [{ issuer: 'https://login.example.com', audience: a }]
servers: { files: { stdio: { command: files } } }
policy: []
ledger: { origin: example.com/mcp/gw-1 }
`;
let folder: string;
const said = takeOutput();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-register-'));
  await writeFile(join(folder, 'countersign.yaml'), CONFIG, { mode: 0o600 });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const run = async (text: string): Promise<void> => {
  const file = join(folder, 'leavers.csv');
  await writeFile(file, text);
  await CollectRegister.run(['--kind', 'leavers', '-c', join(folder, 'countersign.yaml'), file], root);
};

describe('countersign collect register', () => {
  it('says what it took', async () => {
    await run('person,ended\nada,2026-10-31T18:00:00Z\n');
    expect(said.out).toMatch(/leavers: 1 rows? taken, 1 new, 0 gone since the last; SHA-256 [0-9a-f]{64}/);
    expect(process.exitCode ?? 0).toBe(0);
    await run('person,ended\nada,2026-10-31T18:00:00Z\n');
    expect(said.out).toContain('nothing was added');
  });

  it('names wrong lines and columns, takes nothing and ends with 2', async () => {
    await run('person,ended\nada,soon\n,2026-10-31T18:00:00Z\n');
    expect(said.err).toContain('line 2, column ended');
    expect(said.err).toContain('line 3, column person: it is empty');
    expect(said.err).toContain('was not taken; nothing was changed');
    expect(process.exitCode).toBe(2);
  });
});
