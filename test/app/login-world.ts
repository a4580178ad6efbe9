/** A provider and a configuration to log in with. */
import { checkConfiguration } from '../../src/app/config.js';
import { type IdentityProvider, startIdentityProvider } from '../../src/demo/idp.js';
import type { IssuerSettings } from '../../src/model/identity-settings.js';
import type { Settings } from '../../src/model/settings.js';

export const MCP = 'http://127.0.0.1:8080';
export const APPROVALS = 'http://127.0.0.1:8081/approvals';
export const CLI = 'countersign-cli';

export const issuerOf = (issuer: string, more: Partial<IssuerSettings> = {}): IssuerSettings => ({
  issuer,
  audience: [MCP],
  approvalAudience: APPROVALS,
  clientId: CLI,
  groupsClaim: 'groups',
  algorithms: ['RS256'],
  ...more,
});

/** A real identity provider that knows Ada and the command line. */
export const startLoginProvider = (): Promise<IdentityProvider> =>
  startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people: [{ id: 'ada', name: 'Ada Adams', email: 'ada@example.com', groups: ['engineering'] }],
    clients: [{ id: CLI, secret: null, groups: [] }],
    audience: [MCP],
    approvalAudience: APPROVALS,
  });

/** A whole configuration as the loader makes it, with these issuers. */
export const settingsOf = (file: string, issuer: string, issuers: readonly IssuerSettings[], demo = true): Settings => {
  const text = JSON.stringify({
    version: 1,
    demo: true,
    organization: { name: 'Demo' },
    gateway: { listen: '127.0.0.1:8080', admin: '127.0.0.1:8081', publicUrl: MCP, dataDir: './data' },
    identity: { issuers: [{ issuer, audience: MCP, approvalAudience: APPROVALS, clientId: CLI }] },
    servers: { files: { stdio: { command: 'true' } } },
    policy: [{ id: 'all', allow: true, servers: ['files'], tools: ['*'] }],
    masking: { profiles: { default: { detectors: ['secrets'], keys: [] } } },
    ledger: { origin: 'demo.invalid/gw', key: { file: './root.key' }, digestKey: { file: './digest.key' } },
    evidence: { outDir: './evidence', key: { file: './report.key' } },
  });
  const checked = checkConfiguration(text, file);
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return { ...checked.settings, issuers, demo };
};
