import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readText } from '../../src/app/read-text.js';
import { systemClock } from '../../src/base/clock.js';
import MaskingAuditCommand from '../../src/commands/masking/audit.js';
import MaskingTestCommand from '../../src/commands/masking/test.js';
import { openLedger } from '../../src/ledger/append.js';
import { createSigningKey, parseSigningKey } from '../../src/ledger/keys.js';
import { SECRETS } from '../masking/samples.js';
import { root, takeOutput } from './said.js';

let dir: string;
const said = takeOutput();
const config = (): string => join(dir, 'countersign.yaml');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-masking-'));
  writeFileSync(
    config(),
    `version: 1
organization: { name: Test }
gateway: { publicUrl: https://mcp.example.com }
identity: { issuers: [ { issuer: https://login.example.com, audience: https://mcp.example.com } ] }
servers: { files: { stdio: { command: none } }, crm: { stdio: { command: none } } }
policy: [ { id: all, allow: true } ]
masking: { profiles: { default: { rules: [
  { id: joinable, mode: token, detectors: [email], servers: [crm] },
  { id: never, mode: block, detectors: [iban], tools: [pay] } ] } } }
ledger: { origin: example.com/mcp/gw }
`,
  );
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const file = (text: string): string => {
  writeFileSync(join(dir, 'text'), text);
  return join(dir, 'text');
};

describe('countersign masking test', () => {
  test('shows the text as it would be seen, and the rules', async () => {
    await MaskingTestCommand.run([file('mail alice@example.com, password=hunter2\n'), '-c', config()], root);
    expect(said.out).toBe('mail [redacted:email], password=[redacted:key]\n');
    expect(said.err).toMatch(/email +1 +redact +none/);
    expect(said.out + said.err).not.toMatch(/alice|hunter2/);
  });
  test('reads JSON as JSON, with the rules of the server', async () => {
    await MaskingTestCommand.run(
      [file('{"a": "alice@example.com"}'), '--server', 'crm', '-c', config(), '--json'],
      root,
    );
    const result: { masked: string; counts: unknown } = JSON.parse(said.out);
    expect(result.masked).toMatch(/^\{"a": "\[token:email:[0-9a-f]{16}\]"\}$/);
    expect(result.counts).toEqual([{ detector: 'email', rule: 'joinable', mode: 'token', n: 1 }]);
  });
  test('says which rule blocks, and ends with 14', async () => {
    await MaskingTestCommand.run([file('DE89370400440532013000'), '--tool', 'pay', '-c', config()], root);
    expect(said.err).toContain('the masking rule never lets no iban pass');
    expect(process.exitCode).toBe(14);
  });
  test.each([
    ['an unknown server', ['--server', 'nope'], 'there are: files, crm'],
    ['a missing file', ['--server', 'crm'], 'cannot be read'],
  ])('%s is wrong usage', async (_, flags, problem) => {
    const name = flags[1] === 'nope' ? file('x') : join(dir, 'none');
    await MaskingTestCommand.run([name, ...flags, '-c', config()], root);
    expect(said.err).toContain(problem);
    expect(process.exitCode).toBe(2);
  });
  test('reads standard input for -', async () => {
    async function* input() {
      yield 'a';
      yield Buffer.from('b');
    }
    expect(String(await readText('-', input()))).toBe('ab');
  });
});

describe('countersign masking audit', () => {
  const record = async (texts: readonly string[]): Promise<void> => {
    const folder = join(dir, 'data/ledger/example.com_mcp_gw');
    mkdirSync(folder, { recursive: true });
    await createSigningKey(join(dir, 'ledger.key'));
    const key = parseSigningKey(readFileSync(join(dir, 'ledger.key'), 'utf8'), 'key');
    const clock = systemClock();
    const ledger = await openLedger({ dir: folder, origin: 'example.com/mcp/gw', key, clock, heartbeat: 0 });
    for (const text of texts) {
      await ledger.append({
        type: 'message',
        d: {
          session: '01JDXXXXXXXXXXXXXXXXXXXXXX',
          server: 'files',
          direction: 'to_client',
          kind: 'notification',
          method: null,
          call: null,
          forwarded: true,
          redactions: {},
        },
        payloads: { content: JSON.stringify({ result: [text] }) },
      });
    }
    await ledger.close('test over');
  };
  const secret = SECRETS.find(([detector]) => detector === 'github-token')?.[1] ?? '';

  test('lists what masking missed, by record and place, without the value, and ends with 10', async () => {
    await record(['clean', `token ${secret}`, 'to bob@example.com']);
    await MaskingAuditCommand.run(['-c', config(), '--json'], root);
    const { missed }: { missed: object[] } = JSON.parse(said.out);
    expect(missed).toContainEqual(
      expect.objectContaining({ kind: 'GITHUB_TOKEN', by: 'secretlint', payload: 'content', pointer: '/result/0' }),
    );
    expect(missed).toContainEqual(expect.objectContaining({ kind: 'email', by: 'patterns', type: 'message' }));
    expect(said.out).not.toContain(secret);
    expect(said.out).not.toContain('bob');
    expect(process.exitCode).toBe(10);
  });
  test('finds nothing in what was masked', async () => {
    await record(['clean', 'token [redacted:github-token]', '[token:email:0123456789abcdef]']);
    await MaskingAuditCommand.run(['-c', config()], root);
    expect(said.out).toMatch(/3 payloads of \d+ records read; 0 findings/);
    expect(process.exitCode).toBeUndefined();
  });
});
