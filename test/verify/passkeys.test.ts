import { describe, expect, it } from 'vitest';
import { requestedDraft, transitionDraft } from '../../src/approval/draft.js';
import type { PasskeyAssertion, PasskeyRecord } from '../../src/model/passkey.js';
import type { ApprovalRecord, RecordDraft } from '../../src/model/record.js';
import { verifyPath } from '../../src/verify/verify.js';
import { createAuthenticator } from '../approval/authenticator.js';
import { ask, createStand, ISSUER, idOf, person } from '../approval/stand.js';
import { newKey, openSample, testClock } from '../ledger/samples.js';
import { temporary, trustFile } from './sample.js';

const bob = { iss: ISSUER, sub: 'bob' };
const facts = { groups: ['leads'], amr: [], acr: null, client_id: null, auth_time: 1, token: 'hs256:0:0' } as const;
const mine = createAuthenticator();

const passkey = (event: PasskeyRecord['event'], over: Partial<PasskeyRecord> = {}): RecordDraft => ({
  type: 'passkey',
  d: {
    event,
    credential: mine.credential,
    public_key: mine.publicKey,
    rp: 'localhost',
    aaguid: '00000000-0000-0000-0000-000000000000',
    owner: bob,
    by: { ...bob, ...facts },
    address: '127.0.0.1',
    ...over,
  },
});

/** A request as the workflow writes it. */
const request = async () => {
  const { acquire, approvals } = createStand();
  const ada = person('ada');
  const approval = approvals.get(idOf(await acquire(ask(ada))));
  if (!approval) throw new Error('no request');
  return { approval, requester: { issuer: ISSUER, subject: 'ada', actor: null, clientId: null }, principal: ada };
};

interface Story {
  readonly before?: readonly RecordDraft[];
  readonly sign?: (leaf: string) => PasskeyAssertion | null;
  readonly decided?: Partial<ApprovalRecord>;
}

/** A ledger with one request and one approval of it. */
const ledgerWith = async ({ before = [passkey('enrolled')], sign, decided = {} }: Story): Promise<string> => {
  const dir = await temporary();
  const ledger = await openSample({ dir, key: newKey(), clock: testClock() });
  for (const draft of before) await ledger.append(draft);
  const { approval, requester, principal } = await request();
  const { leaf } = await ledger.append(requestedDraft(approval, requester, principal));
  const draft = transitionDraft({ approval, requester, event: 'approved', approved: 1 });
  if (draft.type !== 'approval') throw new Error('no approval');
  const assertion = sign ? sign(leaf) : mine.sign({ challenge: leaf });
  const d = { ...draft.d, by: { ...bob, ...facts }, passkey: assertion, ...decided };
  await ledger.append({ ...draft, d });
  await ledger.close('test over');
  return dir;
};

const codesOf = async (story: Story, trust?: string): Promise<string[]> => {
  const { findings } = await verifyPath(await ledgerWith(story), trust ? { trust } : {});
  return findings.map(({ code }) => code).filter((code) => !['LEDGER_SIGNER_UNKNOWN', 'NOT_ANCHORED'].includes(code));
};

describe('approvals signed with passkeys', () => {
  it('a key that the trust file names for the person makes the approval their own', async () => {
    const trust = await trustFile({ passkeys: [{ issuer: ISSUER, subject: 'bob', publicKey: mine.publicKey }] });
    const { established, findings } = await verifyPath(await ledgerWith({}), { trust });
    expect(established).toContainEqual(expect.stringContaining("names as this person's own"));
    expect(findings.map(({ code }) => code)).not.toContain('PASSKEY_ENROLMENT');
  });

  it('without the key in the trust file the enrolment is asserted by the gateway', async () => {
    const { findings, exit } = await verifyPath(await ledgerWith({}));
    const found = findings.find(({ code }) => code === 'PASSKEY_ENROLMENT');
    expect(found).toMatchObject({ severity: 'unestablished' });
    expect(found?.message).toContain('enrolment asserted by the gateway');
    expect(exit).toBe(13);
  });

  it('a key that the trust file names for somebody else, or another key of the person, is not enough', async () => {
    const others = [
      { issuer: ISSUER, subject: 'cyd', publicKey: mine.publicKey },
      { issuer: ISSUER, subject: 'bob', publicKey: createAuthenticator().publicKey },
    ];
    for (const other of others)
      expect(await codesOf({}, await trustFile({ passkeys: [other] }))).toContain('PASSKEY_ENROLMENT');
  });

  it('an approval without a signature is asserted by the gateway, and noted as such', async () => {
    expect(await codesOf({ sign: () => null })).toEqual(['APPROVER_ASSERTED']);
  });

  const wrong: readonly [string, Story, string][] = [
    ['over another request', { sign: () => mine.sign({ challenge: '00'.repeat(32) }) }, 'PASSKEY_INVALID'],
    ['of a passkey that was never enrolled', { before: [] }, 'PASSKEY_INVALID'],
    ['of a passkey that waits for a second person', { before: [passkey('requested')] }, 'PASSKEY_INVALID'],
    ['of a passkey that was removed', { before: [passkey('enrolled'), passkey('removed')] }, 'PASSKEY_INVALID'],
    ["of another person's passkey", { decided: { by: { iss: ISSUER, sub: 'cyd', ...facts } } }, 'PASSKEY_INVALID'],
    [
      'of another key under the same id',
      { before: [passkey('enrolled', { public_key: createAuthenticator().publicKey })] },
      'PASSKEY_INVALID',
    ],
    [
      'missing although the rule demands it',
      { sign: () => null, decided: { passkey_required: true } },
      'PASSKEY_MISSING',
    ],
  ];
  it.each(wrong)('a signature %s is tampering', async (_what, story, code) => {
    const { findings, exit } = await verifyPath(await ledgerWith(story));
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(exit).toBe(12);
  });

  it('a trust file with a key that is none is refused', async () => {
    const trust = await trustFile({ passkeys: [{ issuer: ISSUER, subject: 'bob', publicKey: 'AAAA' }] });
    await expect(verifyPath(await ledgerWith({}), { trust })).rejects.toMatchObject({ code: 'TRUST_INVALID' });
  });
});
