/** The passkeys of reviewers: enrolment, a second person's word for it, removal. Each step is a record first. */
import { z } from 'zod';
import { CountersignError } from '../base/errors.js';
import type { PasskeyRecord } from '../model/passkey.js';
import type { Ledger } from '../model/ports.js';
import { type Principal, type PrincipalKey, principalKey } from '../model/principal.js';
import type { Settings } from '../model/settings.js';
import { personOf, reviewerFacts } from './draft.js';
import { createPeople, isPerson } from './people.js';

/** A passkey as its last record tells. */
export interface Passkey {
  /** Credential id and COSE public key, base64url. */
  readonly credential: string;
  readonly publicKey: string;
  readonly rp: string;
  readonly aaguid: string;
  readonly owner: { readonly iss: string; readonly sub: string };
  readonly state: 'requested' | 'enrolled';
}

/** Why nothing was done. */
export type PasskeyRefusal = 'not_person' | 'known' | 'too_many' | 'not_found' | 'own' | 'not_confirmer';

export interface Passkeys {
  /** Adds a passkey of this person: at once, or for a second person to confirm where that is configured. */
  add(
    owner: Principal,
    passkey: Pick<Passkey, 'credential' | 'publicKey' | 'rp' | 'aaguid'>,
    address: string,
  ): Promise<PasskeyRefusal | null>;
  /** A second person's word on a passkey that waits; or its end, by its owner or such a person. */
  act(
    event: 'enrolled' | 'refused' | 'removed',
    credential: string,
    by: Principal,
    address: string,
  ): Promise<PasskeyRefusal | null>;
  /** Those of this person, whatever their state. */
  of(owner: Principal): readonly Passkey[];
  /** Those that wait and that this person may confirm. */
  toConfirm(by: Principal): readonly Passkey[];
  /** Takes up the `d` of the `passkey` records of earlier runs, in their order. @throws CountersignError APPROVAL_RECORD_INVALID */
  restore(records: Iterable<unknown>): void;
}

export interface PasskeysDependencies {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly people: Settings['people'];
  /** Groups whose members must confirm the passkeys of others; empty: a passkey counts at once. */
  readonly confirm: readonly string[];
}

const MOST_PER_PERSON = 10;

const schema = z.object({
  event: z.enum(['requested', 'enrolled', 'refused', 'removed']),
  credential: z.string().min(1),
  public_key: z.string().min(1),
  rp: z.string().min(1),
  aaguid: z.string(),
  owner: z.object({ iss: z.string(), sub: z.string() }),
});

type Step = Pick<PasskeyRecord, 'event' | 'credential' | 'public_key' | 'rp' | 'aaguid' | 'owner'>;

const take = (held: Map<string, Passkey>, { event, public_key: publicKey, ...rest }: Step): void => {
  if (event === 'refused' || event === 'removed') held.delete(rest.credential);
  else held.set(rest.credential, { ...rest, publicKey, state: event });
};

const keyOf = ({ owner }: Passkey): PrincipalKey => principalKey({ issuer: owner.iss, subject: owner.sub });

const isOwn = (passkey: Passkey, { issuer, subject }: Principal): boolean =>
  passkey.owner.iss === issuer && passkey.owner.sub === subject;

/** The passkeys in force, and the one way in which they change: the record first. */
const createBook = (ledger: PasskeysDependencies['ledger']) => {
  const held = new Map<string, Passkey>();
  let tail: Promise<unknown> = Promise.resolve();
  return {
    held,
    /** One after the other: what is refused is judged by what is on record. */
    serially: <T>(work: () => Promise<T>): Promise<T> => {
      const run = tail.then(work);
      tail = run.catch(() => undefined);
      return run;
    },
    write: async (step: Step, by: Principal, address: string): Promise<null> => {
      const payloads = { person: personOf(by) };
      await ledger.append({ type: 'passkey', d: { ...step, by: reviewerFacts(by), address }, payloads });
      take(held, step);
      return null;
    },
    restore: (records: Iterable<unknown>): void => {
      for (const d of records) {
        const parsed = schema.safeParse(d);
        if (!parsed.success) throw new CountersignError('APPROVAL_RECORD_INVALID', { problem: 'of a passkey' });
        take(held, parsed.data);
      }
    },
  };
};

export const createPasskeys = ({ ledger, people: links, confirm }: PasskeysDependencies): Passkeys => {
  const people = createPeople(links);
  const { held, serially, write, restore } = createBook(ledger);
  const of = (owner: Principal): Passkey[] => [...held.values()].filter((one) => isOwn(one, owner));
  const confirms = (by: Principal, passkey: Passkey): PasskeyRefusal | null => {
    if (people.same(keyOf(passkey), principalKey(by))) return 'own';
    return isPerson(people, by) && by.groups.some((group) => confirm.includes(group)) ? null : 'not_confirmer';
  };

  return {
    of,
    restore,
    toConfirm: (by) => [...held.values()].filter((one) => one.state === 'requested' && confirms(by, one) === null),
    add: (owner, { credential, publicKey, rp, aaguid }, address) =>
      serially(async () => {
        if (!isPerson(people, owner)) return 'not_person';
        if (held.has(credential)) return 'known';
        if (of(owner).length >= MOST_PER_PERSON) return 'too_many';
        const event = confirm.length > 0 ? 'requested' : 'enrolled';
        const names = { iss: owner.issuer, sub: owner.subject };
        return write({ event, credential, public_key: publicKey, rp, aaguid, owner: names }, owner, address);
      }),
    act: (event, credential, by, address) =>
      serially(async () => {
        const passkey = held.get(credential);
        if (!passkey || (event !== 'removed' && passkey.state !== 'requested')) return 'not_found';
        const why = event === 'removed' && isOwn(passkey, by) ? null : confirms(by, passkey);
        if (why !== null) return why;
        const { publicKey: public_key, rp, aaguid, owner } = passkey;
        return write({ event, credential, public_key, rp, aaguid, owner }, by, address);
      }),
  };
};
