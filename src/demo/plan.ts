/** The demo's plan: who does what, what is planted, and what the report must find. Pure; the seed decides all. */
import { planCalls } from './plan-calls.js';
import type { Happened, Plan, PlanCall } from './plan-model.js';
import { planPeople } from './plan-people.js';
import { planSecrets } from './plan-secrets.js';
import { planViolations } from './plan-violations.js';
import { seededRandom } from './random.js';

/** The demo's plan for a seed. The same seed gives the same plan. */
export const makePlan = (seed: number): Plan => {
  const random = seededRandom(seed, 'plan');
  const cast = planPeople(random);
  const secrets = planSecrets(random);
  const calls = planCalls(random, cast, secrets);
  const { violations, users } = planViolations(random, cast, calls);
  return {
    seed,
    people: cast.people,
    agent: cast.agent,
    instances: calls.instances,
    files: secrets.files,
    vault: secrets.vault,
    secrets: secrets.planted,
    calls: calls.calls,
    violations,
    users,
  };
};

const FOLDER = /^FOLDER(?=\/|$)/;

/** The arguments of a call, with the throw-away folder put in. */
export const resolveArguments = (call: PlanCall, folder: string): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(call.args).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(FOLDER, () => folder) : value,
    ]),
  );

/**
 * The items that each test of control must report, by control. Every other control must report none.
 */
export const expectedExceptions = (happened: Happened): ReadonlyMap<string, ReadonlySet<string>> => {
  const { stopLogging } = happened;
  const governed = stopLogging.withGovernedRole ? [stopLogging.eventId] : [];
  return new Map([
    ['CS-NET-01', new Set([...happened.bypassed, ...happened.unexplained, ...governed])],
    ['CS-TRL-01', new Set([stopLogging.eventId])],
    ['CS-EFF-01', new Set(happened.missingEffects)],
    ['CS-KEY-01', new Set(happened.longLived)],
    ['CS-KEY-02', new Set(happened.newCredentials)],
  ]);
};
