import type { PolicyRule } from '../../src/model/policy-settings.js';
import type { Principal } from '../../src/model/principal.js';

/** A rule about everything, but for what is said. */
export const rule = (
  id: string,
  effect: PolicyRule['effect'] = 'allow',
  more: Partial<PolicyRule> = {},
): PolicyRule => ({
  id,
  effect,
  approval: effect === 'approval' ? 'two-eyes' : null,
  groups: [],
  servers: [],
  tools: [],
  methods: [],
  risk: null,
  ...more,
});

/** A person of these groups. */
export const principal = (...groups: string[]): Principal => ({
  issuer: 'https://idp.example',
  subject: 'u1',
  kind: 'human',
  groups,
  clientId: null,
  actor: null,
  amr: [],
  acr: null,
  authTime: null,
  tokenId: 'hs256:00:00',
  expiresAt: 0,
  name: null,
  email: null,
});

/** Of a call, what most rules do not ask for. */
export const somewhere = { at: Date.UTC(2026, 6, 1, 12), address: '203.0.113.7', tool: null } as const;
