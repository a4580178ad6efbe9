import { describe, expect, it } from 'vitest';
import { createPasskeys } from '../../src/approval/passkeys.js';
import type { RecordDraft } from '../../src/model/record.js';
import { createAuthenticator } from './authenticator.js';
import { PEOPLE, person } from './stand.js';

const made = () => {
  const { credential, publicKey } = createAuthenticator();
  return { credential, publicKey, rp: 'localhost', aaguid: '00000000-0000-0000-0000-000000000000' };
};
const bob = person('bob');
const security = person('sue', { groups: ['security'] });

const stand = (confirm: readonly string[] = []) => {
  const drafts: RecordDraft[] = [];
  const ledger = {
    append: (draft: RecordDraft) => {
      drafts.push(draft);
      return Promise.resolve({ seq: drafts.length, leaf: '' });
    },
  };
  const again = () => createPasskeys({ ledger, people: PEOPLE, confirm });
  return { passkeys: again(), again, drafts, events: () => drafts.map(({ d }) => ('event' in d ? d.event : '')) };
};

describe('passkeys', () => {
  it('count at once where nobody must confirm, and are bound to issuer and subject', async () => {
    const { passkeys, drafts } = stand();
    const passkey = made();
    expect(await passkeys.add(bob, passkey, '127.0.0.1')).toBeNull();
    expect(passkeys.of(bob)).toMatchObject([{ ...passkey, state: 'enrolled' }]);
    expect(passkeys.of(person('bob', { issuer: 'https://other.example' }))).toEqual([]);
    expect(drafts).toMatchObject([
      { type: 'passkey', d: { event: 'enrolled', owner: { sub: 'bob' }, by: { sub: 'bob' } } },
    ]);
  });

  it('wait for another person of the configured groups', async () => {
    const { passkeys, events } = stand(['security']);
    const passkey = made();
    const { credential } = passkey;
    await passkeys.add(bob, passkey, '');
    expect(passkeys.of(bob)).toMatchObject([{ state: 'requested' }]);
    const own = person('bob', { groups: ['security'] });
    const linked = person('bob-admin', { groups: ['security'] });
    expect(await passkeys.act('enrolled', credential, own, '')).toBe('own');
    expect(await passkeys.act('enrolled', credential, linked, '')).toBe('own');
    expect(await passkeys.act('enrolled', credential, person('cyd'), '')).toBe('not_confirmer');
    const agent = person('robot', { kind: 'workload', groups: ['security'] });
    expect(await passkeys.act('enrolled', credential, agent, '')).toBe('not_confirmer');
    expect(passkeys.toConfirm(security)).toHaveLength(1);
    expect(passkeys.toConfirm(bob)).toEqual([]);
    expect(await passkeys.act('enrolled', credential, security, '')).toBeNull();
    expect(await passkeys.act('enrolled', credential, security, '')).toBe('not_found');
    expect(events()).toEqual(['requested', 'enrolled']);
  });

  it('end by their owner or a confirmer, by nobody else', async () => {
    const { passkeys, events } = stand(['security']);
    const [first, second, third] = [made(), made(), made()];
    for (const one of [first, second, third]) await passkeys.add(bob, one, '');
    expect(await passkeys.act('removed', first.credential, person('cyd'), '')).toBe('not_confirmer');
    expect(await passkeys.act('removed', first.credential, bob, '')).toBeNull();
    expect(await passkeys.act('refused', second.credential, security, '')).toBeNull();
    expect(await passkeys.act('removed', third.credential, security, '')).toBeNull();
    expect(passkeys.of(bob)).toEqual([]);
    expect(events()).toEqual(['requested', 'requested', 'requested', 'removed', 'refused', 'removed']);
  });

  it('are of people, known once, and not without number', async () => {
    const { passkeys } = stand();
    const passkey = made();
    expect(await passkeys.add(person('robot', { kind: 'workload' }), passkey, '')).toBe('not_person');
    expect(await passkeys.add(person('bob', { actor: 'agent' }), passkey, '')).toBe('not_person');
    const twice = await Promise.all([passkeys.add(bob, passkey, ''), passkeys.add(person('cyd'), passkey, '')]);
    expect(twice).toEqual([null, 'known']);
    for (let i = 0; i < 9; i++) expect(await passkeys.add(bob, made(), '')).toBeNull();
    expect(await passkeys.add(bob, made(), '')).toBe('too_many');
  });

  it('are the same after a restart', async () => {
    const { passkeys, again, drafts } = stand(['security']);
    const [first, second] = [made(), made()];
    await passkeys.add(bob, first, '');
    await passkeys.add(bob, second, '');
    await passkeys.act('enrolled', first.credential, security, '');
    await passkeys.act('removed', second.credential, bob, '');
    const later = again();
    later.restore(drafts.map(({ d }) => d));
    expect(later.of(bob)).toEqual(passkeys.of(bob));
    expect(() => later.restore([{ event: 'enrolled' }])).toThrow();
  });
});
