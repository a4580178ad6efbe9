/** Tables of what the organisation says: its configuration, and its registers. */
import { SUPPORTING_OPERATIONS } from './supporting-operations.js';
import type { TableDefinition } from './table.js';

/** What the configuration says, and the supporting operations. */
export const SCOPE_TABLES: readonly TableDefinition[] = [
  {
    says: 'Which AWS operations each tool causes, by the configuration. `async_s`: seconds in which the event may still come after the answer. `resource_parameter`: where the event names what it is about, a JSON pointer into its parameters. `data`: a data event, which a trail has only where it selects it.',
    sql: `CREATE TABLE tool_aws_map (server VARCHAR NOT NULL, tool VARCHAR NOT NULL, event_source VARCHAR NOT NULL,
     event_name VARCHAR NOT NULL, write BOOLEAN NOT NULL, async_s DOUBLE NOT NULL, resource_parameter VARCHAR, data BOOLEAN NOT NULL)`,
  },
  {
    says: 'Roles of configured servers, roles that recorded credentials name, and those that `aws_role` says are governed and not excluded.',
    sql: `CREATE TABLE governed_role (arn VARCHAR NOT NULL)`,
  },
  {
    says: `Operations that need no call of their own within a session, SUPPORTING in \`event_match\`: ${SUPPORTING_OPERATIONS.map(([source, name]) => `\`${source}:${name}\``).join(', ')}. Besides them, the AssumeRole event that opened a session is SUPPORTING.`,
    sql: `CREATE TABLE supporting_op (event_source VARCHAR NOT NULL, event_name VARCHAR NOT NULL)`,
  },
  {
    says: 'The configured servers.',
    sql: `CREATE TABLE server (id VARCHAR NOT NULL, kind VARCHAR NOT NULL, aws BOOLEAN NOT NULL, role_arn VARCHAR, personal BOOLEAN,
     classification VARCHAR, purposes VARCHAR[] NOT NULL)`,
  },
  {
    says: 'Hours of `evidence.hours` (`rule` NULL) and of rules of the policy, one row per weekday (mon to sun). Minutes since midnight in `timezone`; where `to_min` is not after `from_min` the span ends on the next day.',
    sql: `CREATE TABLE service_hours (rule VARCHAR, day VARCHAR NOT NULL, from_min BIGINT NOT NULL, to_min BIGINT NOT NULL,
     timezone VARCHAR NOT NULL)`,
  },
  {
    says: 'Groups that rules of the policy let in, and groups of reviewers; `*` where a rule names none.',
    sql: `CREATE TABLE policy_group (name VARCHAR NOT NULL)`,
  },
  {
    says: '`ledger.retention` in days: how long payloads are kept at least. One row.',
    sql: `CREATE TABLE retention (payload_days DOUBLE NOT NULL)`,
  },
  {
    says: '`ledger.holds` of the configuration; NULL: without bound, or everybody.',
    sql: `CREATE TABLE legal_hold (id VARCHAR NOT NULL, from_t TIMESTAMP, to_t TIMESTAMP, principal VARCHAR)`,
  },
  {
    says: '`people:` of the configuration; `kind`: subject, agent.',
    sql: `CREATE TABLE person_link (person VARCHAR NOT NULL, principal VARCHAR NOT NULL, kind VARCHAR NOT NULL)`,
  },
];

/** What only the organisation knows; `collect register` takes it. */
export const REGISTER_TABLES: readonly TableDefinition[] = [
  {
    says: 'One row per register that was taken. `kind`: leavers, reviews, changes, cases, disclosures. `in_force`: the last of its kind, whose rows the tables below hold. No row of a kind: that register is not kept here, which is not the same as an empty one.',
    sql: `CREATE TABLE register (kind VARCHAR NOT NULL, file VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, taken TIMESTAMP NOT NULL,
     rows BIGINT NOT NULL, in_force BOOLEAN NOT NULL)`,
  },
  {
    says: 'Leavers: from `ended` on the person may do nothing. `person` as in `people:` of the configuration, or `issuer|subject`.',
    sql: `CREATE TABLE leaver (person VARCHAR NOT NULL, ended TIMESTAMP NOT NULL, ref VARCHAR)`,
  },
  {
    says: 'Reviews of configurations; `digest` as in config_load.',
    sql: `CREATE TABLE change_review (digest VARCHAR NOT NULL, author VARCHAR NOT NULL, reviewer VARCHAR NOT NULL,
     reviewed_t TIMESTAMP NOT NULL, ref VARCHAR)`,
  },
  {
    says: 'Change tickets.',
    sql: `CREATE TABLE change_ticket (ref VARCHAR NOT NULL, title VARCHAR NOT NULL, author VARCHAR NOT NULL, approver VARCHAR,
     approved_t TIMESTAMP, closed_t TIMESTAMP)`,
  },
  {
    says: 'Findings of tests and events that somebody took up: `item` as in the list of exceptions. `verdict` and `triaged_t` say how and when it was judged.',
    sql: `CREATE TABLE finding_case (item VARCHAR NOT NULL, control VARCHAR, opened_t TIMESTAMP NOT NULL, owner VARCHAR,
     triaged_t TIMESTAMP, verdict VARCHAR, closed_t TIMESTAMP, ref VARCHAR)`,
  },
  {
    says: 'Disclosures of data to others.',
    sql: `CREATE TABLE disclosure (ref VARCHAR NOT NULL, disclosed_t TIMESTAMP NOT NULL, recipient VARCHAR NOT NULL,
     data VARCHAR NOT NULL, purpose VARCHAR NOT NULL, person VARCHAR)`,
  },
];
