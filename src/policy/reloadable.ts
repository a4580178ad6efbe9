/** A policy that can be replaced while the gateway runs. */

import type { PolicyRule } from '../model/policy-settings.js';
import type { Policy } from '../model/ports.js';

export interface ReloadablePolicy extends Policy {
  /** From here on every decision is the other policy's; one that was made stays as it was. */
  replace(next: Policy): void;
}

export const createReloadablePolicy = (first: Policy): ReloadablePolicy => {
  let current = first;
  return {
    get digest() {
      return current.digest;
    },
    decide: (principal, call) => current.decide(principal, call),
    mayUse: (principal, use) => current.mayUse(principal, use),
    replace: (next) => {
      current = next;
    },
  };
};

/** What is different, a sentence for each rule. Rules have ids that are unique. */
export const policyChanges = (before: readonly PolicyRule[], after: readonly PolicyRule[]): readonly string[] => {
  const old = new Map(before.map((rule) => [rule.id, JSON.stringify(rule)]));
  const ids = new Set(after.map(({ id }) => id));
  const kept = (rules: readonly PolicyRule[]): string =>
    rules.flatMap(({ id }) => (old.has(id) && ids.has(id) ? [id] : [])).join(' ');
  return [
    ...after.filter(({ id }) => !old.has(id)).map(({ id, effect }) => `rule ${id} (${effect}) was added`),
    ...before.filter(({ id }) => !ids.has(id)).map(({ id, effect }) => `rule ${id} (${effect}) was removed`),
    ...after
      .filter((rule) => old.has(rule.id) && old.get(rule.id) !== JSON.stringify(rule))
      .map(({ id }) => `rule ${id} was changed`),
    ...(kept(before) === kept(after) ? [] : ['the order of the rules was changed']),
  ];
};
