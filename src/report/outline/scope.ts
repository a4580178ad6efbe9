import type { ReportContent, Scope } from '../content.js';
import { listed, plural } from '../words.js';
import { type Block, count, folded, heading, list, type Section, table } from './blocks.js';

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

/** All of what follows, where it is too much to read. */
const FILE = 'csv/scope.csv';

const lead = ({ scope }: ReportContent): string => {
  const parts = [plural(scope.servers.length, 'MCP server'), plural(scope.roles.length, 'governed AWS role')];
  parts.push(plural(scope.accounts.length, 'AWS account'));
  return `${listed(parts)} are in scope, as the configuration and the collected logs name them.`;
};

const servers = (scope: Scope): readonly Block[] => {
  const { shown, rest } = folded(scope.servers, 'servers', FILE);
  return [
    heading('Servers'),
    table(
      [
        { head: 'Server', share: 90 },
        { head: 'Reached by', share: 60 },
        { head: 'AWS access', share: 70 },
        { head: 'Classification', share: 90 },
        { head: 'Personal data, purposes', share: 125 },
        { head: 'Calls', share: 50, align: 'right' },
      ],
      shown.map((server) => [
        server.id,
        server.kind,
        server.aws ? 'through the gateway' : 'none',
        server.classification || 'not stated',
        server.personal ? `yes: ${server.purposes || 'no purpose stated'}` : 'not declared',
        count(server.calls),
      ]),
      { empty: 'No server is configured.' },
    ),
    ...rest,
  ];
};

const accounts = (scope: Scope): readonly Block[] => {
  const { shown, rest } = folded(scope.accounts, 'accounts', FILE);
  return [
    table(
      [
        { head: 'Account', share: 110 },
        { head: 'Regions with events', share: 270 },
        { head: 'Events in the period', share: 100, align: 'right' },
      ],
      shown.map(({ account, regions, events }) => [
        { text: account, tone: 'id' },
        { text: regions, tone: 'muted' },
        count(events),
      ]),
      { empty: 'No CloudTrail event of the period was collected.' },
    ),
    ...rest,
  ];
};

const roles = (scope: Scope): readonly Block[] => {
  const { shown, rest } = folded(scope.roles, 'governed roles', FILE);
  return [
    table(
      [{ head: 'Governed roles', share: 1 }],
      shown.map((role) => [{ text: role, tone: 'id' }]),
      { empty: 'No AWS role is governed.' },
    ),
    ...rest,
  ];
};

const gateways = (scope: Scope): readonly Block[] => {
  const { shown, rest } = folded(scope.gateways, 'gateways', FILE);
  return [
    heading('Gateways'),
    table(
      [
        { head: 'Host', share: 200 },
        { head: 'Version', share: 120 },
        { head: 'Starts in the ledger', share: 120, align: 'right' },
      ],
      shown.map(({ host, version, runs }) => [host, version, count(runs)]),
      { empty: 'No gateway has written to this ledger.' },
    ),
    ...rest,
  ];
};

/** Section 2: what is looked at, what is not, and what others must do. */
export const scopeSection = (content: ReportContent): Section => {
  const { scope } = content;
  return {
    number: '2',
    title: 'Scope and boundaries',
    id: 'scope',
    lead: lead(content),
    blocks: [
      ...servers(scope),
      heading('AWS'),
      ...accounts(scope),
      ...roles(scope),
      ...gateways(scope),
      heading('Outside the scope'),
      list(OUTSIDE),
      heading('What others must do'),
      list(COMPLEMENTARY),
    ],
  };
};
