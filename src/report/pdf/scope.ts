import type { ReportContent, Scope } from '../content.js';
import { figure, listed, plural } from '../words.js';
import type { Sheet } from './sheet.js';
import { CELL_MUTED, ID, TEXT } from './style.js';
import { table } from './table.js';

/** What the report does not look at, whatever the configuration. */
const OUTSIDE: readonly string[] = [
  'Use of the same systems in ways that do not pass the gateway, where they leave no event in the collected CloudTrail logs.',
  'Work that a called service did on under its own role.',
  'What clients, agents and models did with an answer they were given.',
  'Who belongs to which group: the groups are those the identity provider put into the token at that moment.',
  'Hosts, networks, encryption, code changes and physical access: see the other evidence of the examination.',
];

/** What others must do for the controls to mean what they say. */
const COMPLEMENTARY: readonly string[] = [
  'The identity provider authenticates people strongly, and removes leavers.',
  'The role of each server can be assumed by the gateway alone.',
  'The keys of ledger and report are held by different people, and heads of the ledger are kept elsewhere.',
  'Management reads the exceptions, and records cause, action and date for each.',
];

const bullets = (sheet: Sheet, lines: readonly string[]): void => {
  for (const line of lines) sheet.paragraph(`–  ${line}`, TEXT, { gap: 2 });
};

const lead = ({ scope }: ReportContent): string => {
  const parts = [plural(scope.servers.length, 'MCP server'), plural(scope.roles.length, 'governed AWS role')];
  parts.push(plural(scope.accounts.length, 'AWS account'));
  return `${listed(parts)} are in scope, as the configuration and the collected logs name them.`;
};

const serverTable = (sheet: Sheet, servers: Scope['servers']): void => {
  sheet.subheading('Servers');
  table(
    sheet,
    [
      { head: 'Server', share: 90 },
      { head: 'Reached by', share: 60 },
      { head: 'AWS access', share: 70 },
      { head: 'Classification', share: 90 },
      { head: 'Personal data, purposes', share: 125 },
      { head: 'Calls', share: 50, align: 'right' },
    ],
    servers.map((server) => [
      server.id,
      server.kind,
      server.aws ? 'through the gateway' : 'none',
      server.classification || 'not stated',
      server.personal ? `yes: ${server.purposes || 'no purpose stated'}` : 'not declared',
      figure(server.calls),
    ]),
    { look: 'rules', empty: 'No server is configured.' },
  );
};

const awsTables = (sheet: Sheet, { accounts, roles }: Scope): void => {
  sheet.subheading('AWS');
  table(
    sheet,
    [
      { head: 'Account', share: 110 },
      { head: 'Regions with events', share: 270 },
      { head: 'Events in the period', share: 100, align: 'right' },
    ],
    accounts.map(({ account, regions, events }) => [
      { text: account, style: ID },
      { text: regions, style: CELL_MUTED },
      figure(events),
    ]),
    { look: 'rules', empty: 'No CloudTrail event of the period was collected.' },
  );
  table(
    sheet,
    [{ head: 'Governed roles', share: 1 }],
    roles.map((role) => [{ text: role, style: ID }]),
    { look: 'rules', empty: 'No AWS role is governed.' },
  );
};

/** Section 2: what is looked at, what is not, and what others must do. */
export const scopeSection = (sheet: Sheet, content: ReportContent): void => {
  const { servers, gateways } = content.scope;
  sheet.section('2', 'Scope and boundaries', lead(content));
  serverTable(sheet, servers);
  awsTables(sheet, content.scope);
  sheet.subheading('Gateways');
  table(
    sheet,
    [
      { head: 'Host', share: 200 },
      { head: 'Version', share: 120 },
      { head: 'Starts in the ledger', share: 120, align: 'right' },
    ],
    gateways.map(({ host, version, runs }) => [host, version, figure(runs)]),
    { look: 'rules', empty: 'No gateway has written to this ledger.' },
  );
  sheet.subheading('Outside the scope');
  bullets(sheet, OUTSIDE);
  sheet.subheading('What others must do');
  bullets(sheet, COMPLEMENTARY);
};
