/**
 * Who answers for whom. One person may have several accounts and several agents; a request of any of
 * them is the person's own. The links come from `people:` of the configuration.
 */
import type { Principal, PrincipalKey } from '../model/principal.js';
import { principalKey } from '../model/principal.js';
import type { Settings } from '../model/settings.js';

/** Whoever asked for a call: the principal, and the agent and client that acted for it. */
export interface Requester {
  readonly issuer: string;
  readonly subject: string;
  /** Subject of the agent that acted (RFC 8693 §4.1). */
  readonly actor: string | null;
  readonly clientId: string | null;
}

export interface People {
  /** Whether the two accounts are, or answer for, one person. */
  same(a: PrincipalKey, b: PrincipalKey): boolean;
  /** Whether the reviewer asked for it himself, through any account, agent or client that he answers for. */
  own(requester: Requester, reviewer: PrincipalKey): boolean;
  /** Whether the account is an agent's, which can never decide. */
  isAgent(key: PrincipalKey): boolean;
}

/** An agent and a client are named by the issuer of the token that carried them. */
const keyOf = (issuer: string, subject: string): PrincipalKey => principalKey({ issuer, subject });

export const createPeople = (people: Settings['people']): People => {
  const labels = new Map<string, Set<string>>();
  const agents = new Set<string>();
  for (const { person, subjects, agents: own } of people) {
    const label = person.trim().toLowerCase();
    for (const key of [...subjects, ...own]) labels.set(key, (labels.get(key) ?? new Set()).add(label));
    for (const key of own) agents.add(key);
  }

  const share = (a: string, b: string): boolean => {
    const others = labels.get(b);
    return others !== undefined && [...(labels.get(a) ?? [])].some((label) => others.has(label));
  };
  const same = (a: PrincipalKey, b: PrincipalKey): boolean => a === b || share(a, b);

  const own = ({ issuer, subject, actor, clientId }: Requester, reviewer: PrincipalKey): boolean => {
    if (same(keyOf(issuer, subject), reviewer)) return true;
    if (actor !== null && same(keyOf(issuer, actor), reviewer)) return true;
    // A client is shared by many people, so its own key says nothing; only a person who answers for it counts.
    return clientId !== null && agents.has(keyOf(issuer, clientId)) && share(keyOf(issuer, clientId), reviewer);
  };

  return { same, own, isAgent: (key) => agents.has(key) };
};

/** A token of a person who is present: not a workload's, not an agent's that acts for someone. */
export const isPerson = (people: People, principal: Principal): boolean =>
  principal.kind === 'human' && principal.actor === null && !people.isAgent(principalKey(principal));
