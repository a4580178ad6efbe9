import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseVerifierKey } from '../../src/base/note.js';
import Keys from '../../src/commands/keys.js';
import { createSigningKey } from '../../src/ledger/keys.js';
import { loadTrust } from '../../src/verify/trust.js';
import { root, takeOutput } from './said.js';

const said = takeOutput();
let dir: string;
let config: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-keys-'));
  config = join(dir, 'countersign.yaml');
  const text = `version: 1
organization: { name: Example Inc }
gateway: { publicUrl: 'https://mcp.example.com', dataDir: ./data }
identity: { issuers: [{ issuer: 'https://login.example.com', audience: a }] }
servers: { files: { stdio: { command: files } } }
policy: []
ledger: { origin: example.com/mcp/gw-1, key: { file: ledger.key } }
evidence: { key: { file: report.key } }
`;
  await writeFile(config, text, { mode: 0o600 });
});
afterEach(() => rm(dir, { recursive: true }));

test('prints what a trust file takes, and no secret', async () => {
  await createSigningKey(join(dir, 'ledger.key'));
  await createSigningKey(join(dir, 'report.key'));
  await Keys.run(['-c', config], root);
  expect(said.out).toMatch(
    /^in the trust file +key\nledgers +example\.com\/mcp\/gw-1\+.*\nreports +\S+\/report\+.*\n$/,
  );
  const printed = said.out;
  said.out = '';
  await Keys.run(['-c', config, '--json'], root);
  const keys: { ledgers: string[]; reports: string[] } = JSON.parse(said.out);
  for (const key of [...keys.ledgers, ...keys.reports]) expect(printed).toContain(parseVerifierKey(key).key);
  const trust = join(dir, 'trust.json');
  await writeFile(trust, JSON.stringify({ v: 1, ...keys, cloudtrail: [] }));
  expect((await loadTrust(trust)).reports).toHaveLength(1);
  expect(printed + said.out).not.toContain('PRIVATE');
});

test('a key that is not there is named, with the mend', async () => {
  await Keys.run(['-c', config], root);
  expect(said.err).toContain('ledger.key');
  expect(process.exitCode).toBe(2);
});
