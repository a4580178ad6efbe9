/** The configuration the demo writes: a real one, with comments, that the other commands read. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { CountersignError } from '../../base/errors.js';
import type { Plan } from '../../demo/plan-model.js';
import { CLOUD_TOOLS, DEMO_APPROVALS, DEMO_POLICY } from '../../demo/world.js';

export interface DemoPorts {
  readonly gateway: number;
  readonly admin: number;
}

export interface ConfigurationParts {
  readonly plan: Plan;
  readonly ports: DemoPorts;
  readonly issuer: string;
  /** Address of the sample server over HTTP. */
  readonly everything: string;
  readonly account: { readonly endpoint: string; readonly roleArn: string; readonly region: string };
}

/** The public client of people at the demo's identity provider. */
export const PEOPLE_CLIENT = 'countersign-cli';
/** The public client of the page of approvals there. */
export const PAGE_CLIENT = 'countersign-page';

export const publicUrl = ({ gateway }: DemoPorts): string => `http://127.0.0.1:${gateway}`;
export const approvalAudience = (ports: DemoPorts): string => `${publicUrl(ports)}/approvals`;

/**
 * The entry of an official sample server.
 * @throws CountersignError DEMO_PACKAGE where the optional dependency is not installed
 */
export const sampleServer = (name: 'everything' | 'filesystem'): string => {
  const module = `@modelcontextprotocol/server-${name}/dist/index.js`;
  try {
    return createRequire(import.meta.url).resolve(module);
  } catch {
    throw new CountersignError('DEMO_PACKAGE', { name: `@modelcontextprotocol/server-${name}` });
  }
};

const cloudServer = fileURLToPath(new URL('../../demo/cloud-server.js', import.meta.url));

const section = (comment: string, content: object): string =>
  `\n# ${comment.replaceAll('\n', '\n# ')}\n${stringify(content, { lineWidth: 110, flowCollectionPadding: true })}`;

const peopleOf = ({ agent, people }: Plan, issuer: string) => {
  const owner = people.find(({ id }) => id === agent.owner);
  return [
    { person: owner?.email ?? agent.owner, subjects: [`${issuer}|${agent.owner}`], agents: [`${issuer}|${agent.id}`] },
  ];
};

const serversOf = ({ everything, account }: ConfigurationParts) => ({
  everything: { http: { url: everything } },
  files: { stdio: { command: process.execPath, args: [sampleServer('filesystem'), './files'] } },
  cloud: {
    stdio: { command: process.execPath, args: [cloudServer] },
    aws: {
      roleArn: account.roleArn,
      region: account.region,
      endpoint: account.endpoint,
      serviceEndpoint: account.endpoint,
      tools: CLOUD_TOOLS,
    },
    data: { classification: 'confidential', personal: true, purposes: ['operations'] },
  },
});

/** `countersign.yaml` of the demo. */
export const demoConfiguration = (parts: ConfigurationParts): string => {
  const { plan, ports, issuer } = parts;
  const issuers = [
    {
      issuer,
      audience: publicUrl(ports),
      approvalAudience: approvalAudience(ports),
      clientId: PEOPLE_CLIENT,
      webClientId: PAGE_CLIENT,
    },
  ];
  return [
    `# Written by \`countersign demo --seed ${plan.seed}\`. Settings marked as demo serve this machine alone.\n`,
    stringify({ version: 1, demo: true }),
    section('Whose evidence it is.', { organization: { name: 'Sample Organisation (demo)' } }),
    section('Where MCP clients connect, and where reviewers do.', {
      gateway: {
        listen: `127.0.0.1:${ports.gateway}`,
        admin: `127.0.0.1:${ports.admin}`,
        publicUrl: publicUrl(ports),
        dataDir: './data',
      },
    }),
    section('Who may log in. The provider of the demo runs only during the demo.', { identity: { issuers } }),
    section('Who answers for agents.', { people: peopleOf(plan, issuer) }),
    section('The MCP servers behind the gateway, each under its own path.', { servers: serversOf(parts) }),
    section('When a call is allowed, denied, or needs a second person. What no rule allows is denied.', {
      policy: DEMO_POLICY,
    }),
    section('Who approves, and how.', { approvals: DEMO_APPROVALS }),
    section('The record. Key files are readable by their owner alone.', {
      ledger: {
        origin: 'demo.invalid/gw-1',
        key: { file: './data/keys/ledger.key' },
        digestKey: { file: './data/keys/digest.key' },
        heartbeat: '30s',
      },
    }),
    section('Where CloudTrail files lie, and where reports go.', {
      collect: { cloudtrail: [{ dir: './sample-aws' }] },
      evidence: {
        outDir: './evidence',
        key: { file: './data/keys/report.key' },
        hours: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '07:00', to: '20:00' },
      },
    }),
  ].join('');
};
