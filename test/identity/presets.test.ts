/** Tokens as providers write them, by the shapes in their own documentation; all names and ids are made up. */
import { describe, expect, it } from 'vitest';
import { createKeyedDigester } from '../../src/base/digest.js';
import { admit, audiencesOf, readClaims } from '../../src/identity/claims.js';
import { claimAt } from '../../src/identity/presets.js';
import { createRevocations, revokedChanges } from '../../src/identity/revoked.js';
import type { IssuerSettings } from '../../src/model/identity-settings.js';
import { issuerSettings } from './support.js';

const NOW = 1_790_000_000;
const digest = createKeyedDigester(Buffer.alloc(32, 7));
const times = { iat: NOW - 10, exp: NOW + 3_590 };
const settings = (preset: NonNullable<IssuerSettings['preset']>, more: Partial<IssuerSettings> = {}) =>
  issuerSettings('https://id.example', { preset, audience: ['api://mcp'], ...more });
const read = (claims: object, issuer: IssuerSettings) =>
  readClaims({ iss: 'https://id.example', aud: 'api://mcp', ...times, ...claims }, 'token', issuer, digest, NOW);
const principal = (claims: object, issuer: IssuerSettings) => {
  const answer = read(claims, issuer);
  return answer.ok ? answer.value.principal : answer.reason;
};

describe('Okta', () => {
  const issuer = settings('okta');
  const claims = { ver: 1, jti: 'AT.1', cid: '0oa1', uid: '00u1', scp: ['openid', 'mcp'], sub: 'ada@example.com' };
  it('names the client in cid, and scopes in a list', () => {
    expect(principal({ ...claims, groups: ['Everyone', 'engineering'] }, issuer)).toMatchObject({
      kind: 'human',
      clientId: '0oa1',
      groups: ['Everyone', 'engineering'],
    });
    const answer = read(claims, issuer);
    expect(answer.ok && answer.value.scopes).toEqual(['openid', 'mcp']);
  });
  it('gives a client of its own its id as subject', () => {
    expect(principal({ ...claims, sub: '0oa1', uid: undefined }, issuer)).toMatchObject({ kind: 'workload' });
  });
});

describe('Entra ID', () => {
  const issuer = settings('entra');
  const claims = { oid: 'o1', tid: 't1', sub: 's1', azp: 'a1', scp: 'mcp.call', ver: '2.0', groups: ['8f4e', '11aa'] };
  it('names the client in azp, in version 1 in appid', () => {
    expect(principal(claims, issuer)).toMatchObject({ kind: 'human', clientId: 'a1', groups: ['11aa', '8f4e'] });
    expect(principal({ ...claims, azp: undefined, appid: 'a2' }, issuer)).toMatchObject({ clientId: 'a2' });
  });
  it('takes roles for groups where it is told so', () => {
    const byRoles = settings('entra', { groupsClaim: 'roles' });
    expect(principal({ ...claims, roles: ['Mcp.Operator'] }, byRoles)).toMatchObject({ groups: ['Mcp.Operator'] });
  });
  it('refuses a token that leaves groups out, in either of the two ways', () => {
    const left = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example' } } };
    expect(principal({ ...claims, groups: undefined, ...left }, issuer)).toBe('groups_left_out');
    expect(principal({ ...claims, groups: undefined, hasgroups: true }, issuer)).toBe('groups_left_out');
  });
  it('knows a program by its roles without scopes, and by idtyp', () => {
    expect(principal({ ...claims, scp: undefined, roles: ['Mcp.Call'] }, issuer)).toMatchObject({ kind: 'workload' });
    expect(principal({ ...claims, idtyp: 'app' }, issuer)).toMatchObject({ kind: 'workload' });
  });
});

describe('Google Workspace', () => {
  const issuer = settings('google', { requiredClaims: { hd: ['example.com'] } });
  const claims = { azp: 'c1', sub: '10769150350006150715113082367', hd: 'example.com', email: 'ada@example.com' };
  it('takes ID tokens of the organization alone', () => {
    expect(principal({ ...claims, at_hash: 'x', nonce: 'n' }, issuer)).toMatchObject({ kind: 'human', clientId: 'c1' });
    expect(principal({ ...claims, hd: 'example.org' }, issuer)).toBe('missing_claim');
    expect(principal({ ...claims, hd: undefined }, issuer)).toBe('missing_claim');
    expect(principal({ ...claims, cnf: { jkt: 'x' } }, issuer)).toBe('malformed');
  });
  it('takes no ID token for another preset', () => {
    expect(principal({ ...claims, nonce: 'n' }, settings('generic'))).toBe('malformed');
  });
});

describe('Keycloak', () => {
  const issuer = settings('keycloak', { groupsClaim: '/realm_access/roles' });
  const claims = { typ: 'Bearer', azp: 'mcp', sub: 'f:1:ada', scope: 'openid profile', preferred_username: 'ada' };
  it('has roles within a claim', () => {
    const roles = { realm_access: { roles: ['offline_access', 'engineering'] } };
    expect(principal({ ...claims, ...roles }, issuer)).toMatchObject({ groups: ['engineering', 'offline_access'] });
    expect(principal({ ...claims, realm_access: 'x' }, issuer)).toMatchObject({ groups: [] });
    expect(principal({ ...claims, realm_access: { roles: 'x' } }, issuer)).toBe('malformed');
  });
  it('knows service accounts, and refuses ID tokens by their typ', () => {
    const service = { ...claims, preferred_username: 'service-account-ci', client_id: 'ci' };
    expect(principal(service, issuer)).toMatchObject({ kind: 'workload' });
    expect(principal({ ...claims, typ: 'ID' }, issuer)).toBe('malformed');
  });
});

describe('workloads', () => {
  it('of GitHub Actions are named by repository and branch', () => {
    const sub = 'repo:example/app:ref:refs/heads/main';
    const kept = settings('github-actions', { claims: ['repository', 'environment'] });
    expect(principal({ sub, repository: 'example/app', environment: 'prod' }, kept)).toMatchObject({
      kind: 'workload',
      subject: sub,
      claims: { repository: ['example/app'], environment: ['prod'] },
    });
  });
  it('of Kubernetes are named by namespace and account', () => {
    const claims = { sub: 'system:serviceaccount:prod:agent', 'kubernetes.io': { namespace: 'prod' } };
    const kept = settings('kubernetes', { claims: ['/kubernetes.io/namespace'] });
    expect(principal(claims, kept)).toMatchObject({
      kind: 'workload',
      claims: { '/kubernetes.io/namespace': ['prod'] },
    });
  });
});

describe('claimAt', () => {
  it('reads own members alone, by name or by pointer', () => {
    const claims = { a: { 'b/c': { 'd~e': [1] } }, 'https://x/y': 2 };
    expect(claimAt(claims, '/a/b~1c/d~0e')).toEqual([1]);
    expect(claimAt(claims, 'https://x/y')).toBe(2);
    expect(claimAt(claims, '/a/b~1c/d~0e/0')).toBeUndefined();
    expect(claimAt(claims, 'constructor')).toBeUndefined();
    expect(claimAt(claims, '/a/constructor/name')).toBeUndefined();
  });
});

describe('a token that lacks a scope', () => {
  it('is good for no call', () => {
    const issuer = settings('generic', { scopes: ['mcp', 'tools'] });
    const use = (scope: string) => {
      const answer = read({ sub: 'ada', scope }, issuer);
      if (!answer.ok) throw new Error(answer.reason);
      return admit(answer.value, 'mcp', issuer, audiencesOf([issuer]), NOW, 300);
    };
    expect(use('openid mcp tools')).toBeUndefined();
    expect(use('openid mcp')).toBe('insufficient_scope');
    expect(use('mcptools')).toBe('insufficient_scope');
  });
});

describe('revocations', () => {
  it('name accounts and single tokens, and can be replaced', () => {
    const ada = principal({ sub: 'ada', jti: 'j1' }, settings('generic'));
    if (typeof ada === 'string') throw new Error(ada);
    const list = createRevocations({ subjects: [], tokens: ['j1'] }, digest);
    expect(list.has(ada)).toBe(true);
    list.replace({ subjects: ['https://id.example|ben'], tokens: [] });
    expect(list.has(ada)).toBe(false);
    list.replace({ subjects: ['https://id.example|ada'], tokens: [] });
    expect(list.has(ada)).toBe(true);
  });
  it('tell what changed', () => {
    const before = { subjects: ['x|a'], tokens: ['1'] };
    const after = { subjects: ['x|b'], tokens: ['2'] };
    expect(revokedChanges(before, after)).toEqual([
      'x|b was revoked',
      'x|a is no longer revoked',
      '1 tokens are revoked, before 1',
    ]);
    expect(revokedChanges(undefined, undefined)).toEqual([]);
  });
});
