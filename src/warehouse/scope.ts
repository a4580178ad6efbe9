/** What the configuration says of servers, tools and people, and what is in scope by it. */
import type { ServerSettings, Settings } from '../model/settings.js';
import type { AppendCell, Builder } from './open.js';
import { SUPPORTING_OPERATIONS } from './supporting-operations.js';

const serverRow = ({ id, upstream, aws, data }: ServerSettings): readonly AppendCell[] => {
  const declared = data ?? { personal: null, classification: null, purposes: [] };
  const role = aws?.roleArn ?? null;
  return [id, upstream.kind, aws !== null, role, declared.personal, declared.classification, declared.purposes];
};

const appendServers = async (builder: Builder, settings: Settings): Promise<void> => {
  const servers = await builder.appender('server');
  const map = await builder.appender('tool_aws_map');
  for (const server of settings.servers) {
    servers.add(serverRow(server));
    for (const [tool, events] of Object.entries(server.aws?.tools ?? {})) {
      for (const { source, name, write, async, resource, data } of events) {
        const parameter = resource?.parameter ?? null;
        map.add([server.id, tool, source, name, write, async / 1000, parameter, data ?? false]);
      }
    }
  }
  servers.close();
  map.close();
};

const appendPeople = async (builder: Builder, settings: Settings): Promise<void> => {
  const links = await builder.appender('person_link');
  for (const { person, subjects, agents } of settings.people) {
    for (const subject of subjects) links.add([person, subject, 'subject']);
    for (const agent of agents) links.add([person, agent, 'agent']);
  }
  links.close();
};

const appendHours = async (builder: Builder, { evidence, policy }: Settings): Promise<void> => {
  const rows = await builder.appender('service_hours');
  const spans = [{ rule: null, hours: evidence.hours }, ...policy.map(({ id, hours }) => ({ rule: id, hours }))];
  for (const { rule, hours } of spans) {
    for (const day of hours?.days ?? [])
      rows.add([rule, day, hours?.from ?? 0, hours?.to ?? 0, hours?.timezone ?? 'UTC']);
  }
  rows.close();
};

const appendGroups = async (builder: Builder, { policy, approvals }: Settings): Promise<void> => {
  const letIn = policy
    .filter(({ effect }) => effect !== 'deny')
    .flatMap(({ groups }) => (groups.length > 0 ? groups : ['*']));
  const rows = await builder.appender('policy_group');
  for (const name of new Set([...letIn, ...approvals.flatMap(({ reviewers }) => reviewers)])) rows.add([name]);
  rows.close();
};

const DAY = 86_400_000;

const appendRetention = async (builder: Builder, { ledger }: Settings): Promise<void> => {
  const retention = await builder.appender('retention');
  if (ledger.retention !== undefined) retention.add([ledger.retention / DAY]);
  retention.close();
  const holds = await builder.appender('legal_hold');
  for (const { id, from, to, person } of ledger.holds ?? []) holds.add([id, from, to, person]);
  holds.close();
};

/** Writes the scope tables but `governed_role`, which also needs the records. */
export const loadScope = async (builder: Builder, settings: Settings): Promise<void> => {
  await appendServers(builder, settings);
  await appendPeople(builder, settings);
  await appendHours(builder, settings);
  await appendGroups(builder, settings);
  await appendRetention(builder, settings);
  const ops = await builder.appender('supporting_op');
  for (const op of SUPPORTING_OPERATIONS) ops.add(op);
  ops.close();
};

/**
 * Scope is not the configuration's word alone: a role that recorded credentials name is governed too, and so is one whose
 * trust policy in the last snapshot asks for a source identity of the gateway.
 */
export const GOVERNED_ROLES = `INSERT INTO governed_role SELECT DISTINCT arn FROM
  (SELECT role_arn AS arn FROM server UNION ALL SELECT role_arn FROM gw_credential UNION ALL SELECT role_arn FROM peer_credential
   UNION ALL SELECT arn FROM aws_role WHERE governed AND NOT excluded) WHERE arn IS NOT NULL`;
