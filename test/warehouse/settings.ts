import type { ServerSettings, Settings } from '../../src/model/settings.js';

export const ISSUER = 'https://idp.example.com';
export const ACCOUNT = '111122223333';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/mcp-cloud`;
export const SHARED_ROLE = `arn:aws:iam::${ACCOUNT}:role/mcp-shared`;

const server = (id: string, over: Partial<ServerSettings>): ServerSettings => ({
  id,
  upstream: { kind: 'http', url: 'http://127.0.0.1:9/mcp', headers: {} },
  aws: null,
  data: null,
  masking: 'default',
  ...over,
});

const aws = (roleArn: string) => ({ roleArn, region: 'eu-central-1', endpoint: null, serviceEndpoint: null });
const event = (source: string, name: string, write: boolean, async = 0) => ({
  source: `${source}.amazonaws.com`,
  name,
  write,
  async,
});
const INSTANCE = { argument: '/instance', parameter: '/instancesSet/items/0/instanceId' };

/** Two servers: one with a process and a credential per session, one shared behind HTTP. */
export const SETTINGS: Settings = {
  file: '/etc/countersign.yaml',
  demo: false,
  organization: { name: 'Example Inc', timezone: 'UTC', accent: '#1f4d3a' },
  gateway: {
    listen: { host: '127.0.0.1', port: 8080 },
    admin: { host: '127.0.0.1', port: 8081 },
    publicUrl: 'https://mcp.example.com',
    dataDir: '/nowhere',
    maxRequestBytes: 1 << 20,
    maxResponseBytes: 1 << 20,
    allowedHosts: [],
    allowedOrigins: [],
    approvalHold: 1000,
    callTimeout: 60_000,
    sessionIdle: 900_000,
  },
  issuers: [],
  approvalMaxAge: 3_600_000,
  people: [
    { person: 'owner@example.com', subjects: [`${ISSUER}|p0`], agents: [`${ISSUER}|agent`] },
    { person: 'other@example.com', subjects: [`${ISSUER}|p1`], agents: [] },
  ],
  servers: [
    server('cloud', {
      upstream: { kind: 'stdio', command: 'cloud', args: [], env: {}, cwd: null },
      aws: {
        ...aws(ROLE),
        tools: {
          list_instances: [event('ec2', 'DescribeInstances', false)],
          stop_instance: [{ ...event('ec2', 'StopInstances', true), resource: INSTANCE }],
          run_job: [event('ssm', 'SendCommand', true, 120_000)],
        },
      },
    }),
    server('shared', {
      aws: { ...aws(SHARED_ROLE), tools: { put_object: [event('s3', 'PutObject', true)] } },
      data: { classification: 'confidential', personal: true, purposes: ['billing-support'] },
    }),
  ],
  policy: [],
  approvals: [],
  masking: [],
  ledger: { origin: 'example.com/mcp/gw-1', key: { env: 'A' }, digestKey: { env: 'B' }, heartbeat: 60_000 },
  collect: { cloudtrail: [], identity: [], ledgers: [] },
  evidence: { outDir: '/nowhere', controls: [], waivers: null, key: { env: 'C' } },
  provenance: { digest: 'c'.repeat(64), files: [{ path: 'countersign.yaml', digest: 'c'.repeat(64) }] },
};
