/** What goes wrong in the demo, on purpose. */

import type { Calls } from './plan-calls.js';
import type { PlanBypass, PlanOperation, PlanUnexplained, PlanViolations } from './plan-model.js';
import type { Cast } from './plan-people.js';
import type { Random } from './random.js';

const CI_USER = 'ci-legacy';

/** No tool of the demo causes any of these, so no call in the same minute can pass for their reason. */
const operations = (calls: Calls): readonly PlanOperation[] => [
  { service: 'iam', name: 'ListUsers', parameters: {} },
  { service: 'iam', name: 'CreateAccessKey', parameters: { UserName: CI_USER } },
  { service: 's3', name: 'ListBuckets', parameters: {} },
  { service: 'cloudtrail', name: 'DescribeTrails', parameters: {} },
  { service: 'ec2', name: 'StartInstances', parameters: { 'InstanceId.1': calls.instances.at(-1)?.id ?? '' } },
];

/** RFC 5737 documentation addresses. */
const address = (random: Random): string =>
  `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${random.between(1, 254)}`;

const planBypass = (random: Random, cast: Cast, calls: Calls): PlanBypass => {
  const person = random.pick([cast.engineer, cast.leadEngineer]).id;
  const user = random.pick([person, CI_USER]);
  return {
    user,
    sessionName: user === CI_USER ? `build-${random.between(1000, 9999)}` : `${person}-laptop`,
    operations: random.shuffle(operations(calls)).slice(0, random.between(1, 2)),
    sourceIp: address(random),
  };
};

const planUnexplained = (random: Random, calls: Calls): PlanUnexplained => ({
  person: random.pick(calls.cloudUsers),
  operation: random.pick(operations(calls)),
});

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

export const planViolations = (
  random: Random,
  cast: Cast,
  calls: Calls,
): { readonly violations: PlanViolations; readonly users: readonly string[] } => {
  const by = random.pick(['user', 'bypass'] as const);
  const user = random.pick([cast.leadEngineer.id, CI_USER]);
  return {
    users: [CI_USER, cast.engineer.id, cast.leadEngineer.id],
    violations: {
      bypasses: times(random.between(1, 3), () => planBypass(random, cast, calls)),
      stopLogging: { by, user, sourceIp: address(random) },
      unexplained: times(random.between(0, 2), () => planUnexplained(random, calls)),
      missingEffect: calls.lonelyStop,
    },
  };
};
