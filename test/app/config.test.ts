import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfiguration, configurationFile, loadSettings, resolveSecret } from '../../src/app/config.js';
import { sha256 } from '../../src/base/digest.js';
import { CountersignError } from '../../src/base/errors.js';

const MINIMAL = `version: 1
organization: { name: Example Inc }
gateway: { publicUrl: 'https://mcp.example.com/' }
identity:
  issuers: [{ issuer: 'https://login.example.com', audience: [a, b] }]
servers:
  files: { stdio: { command: mcp-server-filesystem, args: [.], secretEnv: { TOKEN: { file: ./token } } } }
policy: []
ledger: { origin: example.com/mcp/gw-1 }
`;

const DEMO = `version: 1
demo: true
organization: { name: Sample }
gateway: { listen: '127.0.0.1:18080', admin: '[::1]:18081' }
identity: { issuers: [{ issuer: 'http://127.0.0.1:4000', audience: a }] }
servers:
  cloud:
    stdio: { command: node }
    aws:
      roleArn: arn:aws:iam::111122223333:role/agent
      region: eu-central-1
      endpoint: http://127.0.0.1:4001
      serviceEndpoint: http://localhost:4001
      tools: { stop: [{ event: 'ec2.amazonaws.com:StopInstances', write: true, async: 5m }] }
policy: [{ id: all, allow: true }]
ledger: { origin: demo.invalid/gw }
`;

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-config-'));
});
afterAll(() => rm(dir, { recursive: true }));

const write = async (name: string, text: string | Buffer, mode = 0o600): Promise<string> => {
  const file = join(dir, name);
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
};

const settingsOf = (text: string) => {
  const checked = checkConfiguration(text, '/etc/countersign/countersign.yaml');
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return checked.settings;
};

const failure = async (work: Promise<unknown>): Promise<CountersignError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CountersignError) return error;
  throw new Error('expected a CountersignError');
};

describe('loadSettings', () => {
  it('fills in defaults, milliseconds, bytes and absolute paths', async () => {
    const file = await write('minimal.yaml', MINIMAL);
    const settings = await loadSettings(file, {});
    expect(settings).toMatchObject({
      file,
      demo: false,
      organization: { name: 'Example Inc', timezone: 'UTC', accent: '#1f4d3a' },
      gateway: {
        listen: { host: '127.0.0.1', port: 8080 },
        admin: { host: '127.0.0.1', port: 8081 },
        publicUrl: 'https://mcp.example.com',
        dataDir: join(dir, 'data'),
        maxRequestBytes: 4 * 1024 ** 2,
        maxResponseBytes: 16 * 1024 ** 2,
        approvalHold: 45_000,
        callTimeout: 600_000,
        sessionIdle: 900_000,
      },
      issuers: [{ audience: ['a', 'b'], approvalAudience: null, clientId: null, groupsClaim: 'groups' }],
      approvalMaxAge: 300_000,
      servers: [
        {
          id: 'files',
          upstream: { kind: 'stdio', cwd: dir, env: {}, secretEnv: { TOKEN: { file: join(dir, 'token') } } },
          aws: null,
          data: null,
          masking: 'default',
        },
      ],
      masking: [{ name: 'default', detectors: ['secrets', 'personal'] }],
      ledger: {
        key: { file: join(dir, 'data/keys/ledger.key') },
        digestKey: { file: join(dir, 'data/keys/digest.key') },
        heartbeat: 60_000,
        rotate: { bytes: 64 * 1024 * 1024, age: 3_600_000 },
      },
      evidence: { outDir: join(dir, 'evidence'), controls: [], key: { file: join(dir, 'data/keys/report.key') } },
      provenance: { digest: sha256(MINIMAL), files: [{ path: 'minimal.yaml', digest: sha256(MINIMAL) }] },
    });
  });

  it('takes the argument, then COUNTERSIGN_CONFIG, then the file here', () => {
    expect(configurationFile('/a.yaml', { COUNTERSIGN_CONFIG: '/b.yaml' })).toBe('/a.yaml');
    expect(configurationFile(undefined, { COUNTERSIGN_CONFIG: '/b.yaml' })).toBe('/b.yaml');
    expect(configurationFile(undefined, {})).toBe(join(process.cwd(), 'countersign.yaml'));
  });

  it('names the absent file, with exit 2', async () => {
    const error = await failure(loadSettings(join(dir, 'absent.yaml'), {}));
    expect([error.code, error.exit]).toEqual(['CONFIG_NOT_FOUND', 2]);
    expect(error.message).toContain('absent.yaml');
  });

  it('names every problem with file, line, column, field and mend, with exit 2', async () => {
    const text = MINIMAL.replace('gateway:', 'gatway:').replace('command', 'comand').replace('policy: []', 'policy: 3');
    const error = await failure(loadSettings(await write('broken.yaml', text), {}));
    expect([error.code, error.exit]).toEqual(['CONFIG_INVALID', 2]);
    expect(error.message.split('\n').slice(1)).toEqual([
      '  broken.yaml:1:1 gateway.publicUrl: is missing; name the https:// address clients use',
      '  broken.yaml:3:1 gatway: unknown key; did you mean gateway?',
      '  broken.yaml:7:19 servers.files.stdio.command: is missing; it is required',
      '  broken.yaml:7:21 servers.files.stdio.comand: unknown key; did you mean command?',
      '  broken.yaml:8:9 policy: expected a list, found a number',
    ]);
  });

  it.each([
    ['a folder', async () => dir, /EISDIR/],
    ['bytes that are not UTF-8', () => write('latin1.yaml', Buffer.from([0x61, 0xff])), /not UTF-8/],
    ['a file that is too large', () => write('large.yaml', Buffer.alloc(1_048_577, 0x23)), /more than 1048576 bytes/],
    ['an empty file', () => write('empty.yaml', ''), /expected a mapping of keys to values, found nothing/],
    ['nesting without end', () => write('deep.yaml', '['.repeat(20_000)), /not YAML/],
    ['an alias bomb', () => write('bomb.yaml', bomb()), /not YAML: Excessive alias count/],
    ['an alias of itself', () => write('self.yaml', 'version: &a [*a]'), /version: must be 1/],
  ])('refuses %s', async (_, make, message) => {
    const error = await failure(loadSettings(await make(), {}));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toMatch(message);
  });
});

const bomb = (): string => {
  const rows = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++) rows.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(', ')}]`);
  return rows.join('\n');
};

describe('demonstration and real use', () => {
  it('lets a demo stay on this machine', () => {
    const settings = settingsOf(DEMO);
    expect(settings.demo).toBe(true);
    expect(settings.gateway).toMatchObject({
      admin: { host: '::1', port: 18_081 },
      publicUrl: 'http://127.0.0.1:18080',
    });
    expect(settings.servers[0]?.aws?.tools).toEqual({
      stop: [{ source: 'ec2.amazonaws.com', name: 'StopInstances', write: true, async: 300_000 }],
    });
  });

  it.each([
    ['listens elsewhere', DEMO.replace('127.0.0.1:18080', '0.0.0.0:8080'), 'gateway.listen'],
    ['listens on a name', DEMO.replace('127.0.0.1:18080', 'gw.example.com:8080'), 'gateway.listen'],
    ['listens on every IPv6 address', DEMO.replace('127.0.0.1:18080', '[::]:8080'), 'gateway.listen'],
    ['serves its admin interface elsewhere', DEMO.replace('[::1]:18081', '10.0.0.1:8081'), 'gateway.admin'],
    [
      'has a public URL',
      DEMO.replace("admin: '", "publicUrl: 'https://mcp.example.com', admin: '"),
      'gateway.publicUrl',
    ],
    [
      'has a plain issuer elsewhere',
      DEMO.replace('http://127.0.0.1:4000', 'http://10.0.0.1:4000'),
      'identity.issuers[0].issuer',
    ],
    [
      'sends AWS calls elsewhere',
      DEMO.replace('http://localhost:4001', 'http://sts.example.com'),
      'servers.cloud.aws.serviceEndpoint',
    ],
    ['names a real origin', DEMO.replace('demo.invalid/gw', 'example.com/gw'), 'ledger.origin'],
    [
      'names a real origin that looks like the demo',
      DEMO.replace('demo.invalid/gw', 'demo.invalid.example.com'),
      'ledger.origin',
    ],
  ])('a demo that %s is refused', (_, text, field) => {
    const checked = checkConfiguration(text, 'countersign.yaml');
    expect(checked).toMatchObject({ ok: false, demo: true, problems: [{ field }] });
  });

  it('refuses all that is demo-like in real use, and says so as one kind of error', async () => {
    const real = DEMO.replace('demo: true', 'demo: false').replace(
      "admin: '",
      "publicUrl: 'https://m.example.com', admin: '",
    );
    const error = await failure(loadSettings(await write('leak.yaml', real), {}));
    expect([error.code, error.exit]).toEqual(['CONFIG_DEMO', 2]);
    for (const field of [
      'identity.issuers[0].issuer',
      'ledger.origin',
      'servers.cloud.aws.endpoint',
      'servers.cloud.aws.serviceEndpoint',
    ]) {
      expect(error.message).toContain(`${field}: `);
    }
  });

  it('takes an absent `demo` for real use', () => {
    const checked = checkConfiguration(DEMO.replace('demo: true\n', ''), 'countersign.yaml');
    expect(checked.ok || checked.problems.map(({ field }) => field)).toContain('ledger.origin');
  });
});

describe('resolveSecret', () => {
  it('reads a private file without its last line break, or a variable', async () => {
    expect(await resolveSecret({ file: await write('key', 'abc\n') }, {})).toBe('abc');
    expect(await resolveSecret({ env: 'KEY' }, { KEY: 'abc' })).toBe('abc');
  });

  it.each([
    ['group-readable', () => write('k1', 'hunter2', 0o640), /others than its owner may read/],
    ['world-readable', () => write('k2', 'hunter2', 0o604), /others than its owner may read/],
    ['empty', () => write('k3', '\n'), /empty/],
    ['too large', () => write('k4', Buffer.alloc(65_537, 0x61)), /\d+ bytes/],
    ['absent', async () => join(dir, 'k5'), /no such file/],
    ['a folder', async () => dir, /not a plain file/],
  ])('refuses a file that is %s, without its content', async (_, make, message) => {
    const error = await failure(resolveSecret({ file: await make() }, {}));
    expect([error.code, error.exit]).toEqual(['KEY_FILE', 2]);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('hunter2');
  });

  it('refuses a variable that is not set', async () => {
    expect((await failure(resolveSecret({ env: 'KEY' }, { KEY: '' }))).code).toBe('SECRET_MISSING');
  });
});
