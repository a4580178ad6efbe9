/** The calls of the demo: one of each kind that matters, and ordinary ones around them. */
import type { PlanCall, PlanReview } from './plan-model.js';
import type { Cast } from './plan-people.js';
import type { Secrets } from './plan-secrets.js';
import type { Random } from './random.js';
import type { DemoServer } from './world.js';

export interface Calls {
  readonly calls: readonly PlanCall[];
  readonly instances: readonly { readonly id: string; readonly name: string }[];
  /** A call that stops an instance in a session of its own: its write event can be missed. */
  readonly lonelyStop: string | null;
  /** Ids of people with a session on `cloud`. */
  readonly cloudUsers: readonly string[];
}

type Draft = Omit<PlanCall, 'key' | 'connection' | 'expect' | 'reviews'> &
  Partial<Pick<PlanCall, 'connection' | 'expect' | 'reviews'>>;
type Instance = Calls['instances'][number];

const review = (by: string, verdict: PlanReview['verdict'], reason: string): PlanReview => ({
  by,
  verdict,
  reason,
  outcome: 'accepted',
});

const planInstances = (random: Random): Instance[] =>
  random
    .shuffle(['web-1', 'web-2', 'worker-1', 'worker-2', 'reports', 'staging'])
    .slice(0, random.between(4, 6))
    .map((name) => ({ id: `i-0${random.bytes(8).toString('hex')}`, name }));

const listInstances = (by: string): Draft => ({
  by,
  server: 'cloud',
  tool: 'list_instances',
  args: {},
  says: 'lists the instances',
});

const echo = (by: string, message: string): Draft => ({
  by,
  server: 'everything',
  tool: 'echo',
  args: { message },
  says: 'echoes a message',
});

const readFile = (by: string, path: string, says: string): Draft => ({
  by,
  server: 'files',
  tool: 'read_text_file',
  args: { path: `FOLDER/${path}` },
  says,
});

const stopInstance = (cast: Cast, instance: Instance, reason: string): Draft => ({
  by: cast.engineer.id,
  server: 'cloud',
  tool: 'stop_instance',
  args: { instanceId: instance.id },
  says: `asks to stop ${instance.name}`,
  expect: 'approved',
  reviews: [review(cast.lead.id, 'approve', reason)],
});

const writeFile = (by: string, path: string, content: string, reviews: readonly PlanReview[]): Draft => ({
  by,
  server: 'files',
  tool: 'write_file',
  args: { path: `FOLDER/${path}`, content },
  says: `asks to write ${path}`,
  expect: reviews.at(-1)?.verdict === 'approve' ? 'approved' : 'rejected',
  reviews,
});

const deniedCall = (random: Random, { engineer, support }: Cast): Draft =>
  random.chance(0.5)
    ? {
        by: engineer.id,
        server: 'everything',
        tool: 'get-env',
        args: {},
        says: 'asks for the environment',
        expect: 'denied',
      }
    : {
        ...writeFile(support.id, 'handbook/refunds.md', '# refunds\n', []),
        says: 'asks to write into the handbook',
        expect: 'denied',
      };

/** The lead engineer approves their own request, in vain; then the other lead decides. */
const selfApproval = (random: Random, { leadEngineer, lead }: Cast, password: string): Draft => {
  const own: PlanReview = { ...review(leadEngineer.id, 'approve', 'I know what I am doing'), outcome: 'refused' };
  const other = random.chance(0.5)
    ? review(lead.id, 'approve', 'Read it; the change is right')
    : review(lead.id, 'deny', 'Not without a ticket');
  return writeFile(leadEngineer.id, 'config/replica.env', `REPLICA_PASSWORD=${password}\n`, [own, other]);
};

const approvedCall = (random: Random, cast: Cast, instance: Instance): Draft =>
  random.chance(0.5)
    ? stopInstance(cast, instance, 'Agreed for the maintenance window')
    : writeFile(cast.engineer.id, `handbook/shift-${random.between(100, 999)}.md`, '# Notes of the shift\n', [
        review(cast.lead.id, 'approve', 'Fine'),
      ]);

const ordinaryCall = (random: Random, cast: Cast, files: readonly string[]): Draft => {
  const { engineer, leadEngineer, lead, support, agent } = cast;
  const reader = random.pick([engineer, leadEngineer, lead, support]).id;
  const pick = random.between(0, 4);
  if (pick === 0) return echo(random.pick([engineer.id, agent.id]), `ping ${random.between(1, 9_999)}`);
  if (pick === 1) return listInstances(random.pick([engineer.id, leadEngineer.id, lead.id, agent.id]));
  if (pick === 2) {
    const args = { a: random.between(1, 500), b: random.between(1, 500) };
    return {
      by: random.pick([leadEngineer.id, agent.id]),
      server: 'everything',
      tool: 'get-sum',
      args,
      says: 'adds two numbers',
    };
  }
  if (pick === 3)
    return {
      by: reader,
      server: 'files',
      tool: 'list_directory',
      args: { path: 'FOLDER/handbook' },
      says: 'lists the handbook',
    };
  return readFile(reader, random.pick(files), 'reads a page of the handbook');
};

const remarkableCalls = (random: Random, cast: Cast, secrets: Secrets, instances: readonly Instance[]): Draft[] => {
  const [first, second] = instances;
  if (!first || !second) throw new RangeError('the plan needs two instances');
  const { engineer, leadEngineer, agent } = cast;
  const { email, password } = secrets.argument;
  const drafts: Draft[] = [
    listInstances(engineer.id),
    deniedCall(random, cast),
    {
      by: leadEngineer.id,
      server: 'cloud',
      tool: 'get_secret',
      args: { name: secrets.secretName },
      says: 'fetches a database secret',
    },
    readFile(engineer.id, secrets.secretFile, 'reads a file that holds secrets'),
    echo(engineer.id, `refund for ${email} is due`),
    approvedCall(random, cast, first),
    selfApproval(random, cast, password),
    listInstances(agent.id),
  ];
  // A session of its own, so that no other stop in the session can pass for this one's effect.
  const lonely = { ...stopInstance(cast, second, 'Agreed'), connection: `${engineer.id}/cloud/2` };
  return random.chance(0.5) ? [...drafts, lonely] : drafts;
};

const complete = (draft: Draft, index: number): PlanCall => ({
  connection: `${draft.by}/${draft.server}`,
  expect: 'ok',
  reviews: [],
  ...draft,
  key: `call-${String(index + 1).padStart(2, '0')}`,
});

const onServer = (calls: readonly PlanCall[], server: DemoServer): readonly PlanCall[] =>
  calls.filter((call) => call.server === server && call.expect === 'ok');

export const planCalls = (random: Random, cast: Cast, secrets: Secrets): Calls => {
  const instances = planInstances(random);
  const remarkable = remarkableCalls(random, cast, secrets, instances);
  const ordinary = Array.from({ length: random.between(6, 14) }, () => ordinaryCall(random, cast, secrets.plainFiles));
  const calls = random.shuffle([...remarkable, ...ordinary]).map(complete);
  const people = new Set(cast.people.map(({ id }) => id));
  const users = new Set(onServer(calls, 'cloud').map(({ by }) => by));
  return {
    calls,
    instances,
    lonelyStop: calls.find(({ connection }) => connection.endsWith('/cloud/2'))?.key ?? null,
    cloudUsers: [...users].filter((id) => people.has(id)).sort(),
  };
};
