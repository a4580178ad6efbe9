import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/app/config.js';
import { initialize } from '../../../src/app/init.js';
import { checkPolicy, testPolicy } from '../../../src/app/policy.js';
import { loadDigestKey, loadSigningKey } from '../../../src/ledger/keys.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-init-'));
});
afterEach(() => rm(dir, { recursive: true }));

const put = async (name: string, text: string): Promise<string> => {
  await writeFile(join(dir, name), text);
  return join(dir, name);
};

const hush = ['ghp', 'Zk3mPq8RtY1vWx5LsN7bJd2CfHg4Ae6UiO9'].join('_');

describe('init', () => {
  it('writes a configuration that loads, cases that hold and test every rule, and keys for the owner alone', async () => {
    const into = join(dir, 'gw');
    const result = await initialize({ dir: into, answers: {}, imports: [] });
    const settings = await loadSettings(join(into, 'countersign.yaml'), {});
    const tested = await testPolicy(settings);
    expect(tested.cases.map(({ problem }) => problem)).toEqual([null, null, null, null]);
    expect(tested.untested).toEqual([]);
    expect((await checkPolicy(settings)).findings).toEqual([]);
    const { key, digestKey } = settings.ledger;
    for (const source of [key, digestKey, settings.evidence.key]) {
      const file = 'file' in source ? source.file : '';
      expect(result.files).toContain(file);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
    await loadSigningKey(join(into, 'data/keys/ledger.key'));
    await loadSigningKey(join(into, 'data/keys/report.key'));
    await loadDigestKey(join(into, 'data/keys/digest.key'));
    expect(result.next).toHaveLength(3);
    expect(result.examples).toContain('issuer');
  });

  it('takes the answers over, whatever characters they hold', async () => {
    const answers = {
      organization: 'A "quoted": #name',
      publicUrl: 'https://gw.acme.test',
      issuer: 'https://acme.test/oauth2/default',
      audience: 'api://mcp',
      group: "dev's: [all]",
      reviewers: 'leads, all',
      cloudtrail: 's3://trail-bucket/some/prefix',
    };
    await initialize({ dir, answers, imports: [] });
    const settings = await loadSettings(join(dir, 'countersign.yaml'), {});
    expect(settings.organization.name).toBe(answers.organization);
    expect(settings.issuers[0]).toMatchObject({ audience: ['api://mcp'], approvalAudience: 'api://mcp/approvals' });
    expect(settings.approvals[0]?.reviewers).toEqual(['leads, all']);
    expect(settings.ledger.origin).toBe('gw.acme.test/mcp/gw-1');
    expect(settings.collect.cloudtrail[0]).toMatchObject({ s3: { bucket: 'trail-bucket', prefix: 'some/prefix/' } });
    expect((await testPolicy(settings)).exit).toBe(0);
  });

  it.each(['countersign.yaml', 'policy-cases.yaml'])('never overwrites %s, and then writes nothing', async (name) => {
    await put(name, 'mine');
    await expect(initialize({ dir, answers: {}, imports: [] })).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readdir(dir)).toEqual([name]);
    expect(await readFile(join(dir, name), 'utf8')).toBe('mine');
  });

  it('writes nothing where the answers make no valid configuration, and names the field', async () => {
    const ask = { dir: join(dir, 'gw'), answers: { issuer: 'not a url' }, imports: [] };
    await expect(initialize(ask)).rejects.toThrow(/identity\.issuers\[0\]\.issuer/);
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('the servers of MCP clients', () => {
  const desktop = JSON.stringify({
    mcpServers: {
      'GitHub Tools': {
        command: 'github-mcp',
        args: ['--read-only'],
        env: { GITHUB_TOKEN: hush, LOG_LEVEL: 'info', PLAIN_LOOKING: hush, PORT: 8080 },
      },
      leaky: { command: 'x', args: ['--api-key', 'abc'] },
      leaky2: { command: 'x', args: ['postgres://user:pw@db/x'] },
    },
  });
  const vscode = `{
    // comments and trailing commas
    "inputs": [{ "type": "promptString", "id": "key" }],
    "servers": {
      "remote": { "type": "http", "url": "https://mcp.acme.test/x//y", "headers": { "Authorization": "Bearer ${hush}" }, },
      "query": { "url": "https://mcp.acme.test/?key=${hush}" },
      "again": { "command": "other", "env": { "GITHUB_TOKEN": "\${input:key}" } }, /* end */
    },
  }`;

  it('are taken over without any value that could be a secret', async () => {
    const imports = [await put('desktop.json', desktop), await put('mcp.json', vscode)];
    const into = join(dir, 'gw');
    const result = await initialize({ dir: into, answers: {}, imports });
    const text = await readFile(join(into, 'countersign.yaml'), 'utf8');
    expect(`${text}${JSON.stringify(result)}`).not.toContain(hush.slice(4));
    expect(result.servers).toEqual(['github-tools', 'remote', 'again']);
    expect(result.skipped.map((line) => line.split(':')[0])).toEqual(['leaky', 'leaky2', 'query']);
    const { servers } = await loadSettings(join(into, 'countersign.yaml'), {});
    expect(servers[0]?.upstream).toMatchObject({
      command: 'github-mcp',
      args: ['--read-only'],
      env: { LOG_LEVEL: 'info' },
      secretEnv: {
        GITHUB_TOKEN: { env: 'GITHUB_TOKEN' },
        PLAIN_LOOKING: { env: 'PLAIN_LOOKING' },
        PORT: { env: 'PORT' },
      },
    });
    expect(servers[1]?.upstream).toMatchObject({
      url: 'https://mcp.acme.test/x//y',
      headers: { authorization: { env: 'REMOTE_AUTHORIZATION' } },
    });
    expect(servers[2]?.upstream).toMatchObject({ secretEnv: { GITHUB_TOKEN: { env: 'AGAIN_GITHUB_TOKEN' } } });
    expect(result.variables).toContain('REMOTE_AUTHORIZATION');
    expect((await testPolicy(await loadSettings(join(into, 'countersign.yaml'), {}))).exit).toBe(0);
  });

  it.each([
    ['--api-key', 'abc'],
    ['--token=abc'],
    ['-e', 'GITHUB_PERSONAL_ACCESS_TOKEN=abc'],
    ['https://mcp.acme.test/sse?key=abc'],
    ['postgres://user:pw@db/x'],
    ['--header', 'X-Any: abc'],
    [hush],
  ])('are left out where the arguments hold what may be a secret: %s %s', async (...args) => {
    const imports = [await put('c.json', JSON.stringify({ mcpServers: { leaky: { command: 'x', args } } }))];
    const { servers, skipped } = await initialize({ dir: join(dir, 'gw'), answers: {}, imports });
    expect(servers).toEqual(['files']);
    expect(skipped).toEqual(['leaky: its arguments hold what may be a secret; give it by secretEnv']);
  });

  it('keep arguments that only name a variable', async () => {
    const args = ['run', '-i', '--rm', '-e', 'GITHUB_TOKEN', 'ghcr.io/github/server', '--read-only', '/srv/tokens'];
    const server = { command: 'docker', args, env: { GITHUB_TOKEN: hush } };
    const imports = [await put('c.json', JSON.stringify({ mcpServers: { gh: server } }))];
    await initialize({ dir: join(dir, 'gw'), answers: {}, imports });
    const { servers } = await loadSettings(join(dir, 'gw/countersign.yaml'), {});
    expect(servers[0]?.upstream).toMatchObject({ args, secretEnv: { GITHUB_TOKEN: { env: 'GITHUB_TOKEN' } } });
  });

  it.each(['', '{', '[]', '{"mcpServers":[]}', '{"mcpServers":{"a":{"env":{"K":"hush-hush"},"args":3}}}'])(
    'are refused where the file is %s, without repeating it',
    async (text) => {
      const imports = [await put('client.json', text)];
      const refused = initialize({ dir: join(dir, 'gw'), answers: {}, imports });
      await expect(refused).rejects.toMatchObject({ code: 'USAGE' });
      await expect(refused).rejects.not.toThrow(/hush/);
    },
  );
});
