import { describe, expect, it } from 'vitest';
import { checkConfiguration } from '../../../src/app/config.js';
import { GOOD } from './example.js';

/** Each row breaks one place of the example; `place` is line:column in the result. */
type Row = readonly [what: string, find: string, replace: string, place: string, field: string, message: RegExp];

const ROWS: readonly Row[] = [
  // -- YAML itself
  ['a duplicate key', '  maxRequest: 4MiB', '  admin: 127.0.0.1:9', '8:3', '', /twice/],
  ['a tab as indentation', '  maxRequest', '\tmaxRequest', '8:1', '', /not YAML/],
  ['an unknown tag', 'name: Example Inc', 'name: !secret x', '2:23', '', /Unresolved tag/],
  ['a second document', 'ledger:', '---\nledger:', '36:1', '', /second document/],
  ['__proto__ as a key', 'version: 1', 'version: 1\n__proto__: { demo: true }', '2:1', '', /plain text/],
  ['an unclosed list', '[/srv/files]', '[/srv/files', '17:64', '', /not YAML/],
  // -- unknown, missing, later
  [
    'an unknown top-level key',
    'version: 1',
    'version: 1\norganisation: {}',
    '2:1',
    'organisation',
    /did you mean organization\?/,
  ],
  ['an unknown nested key', 'maxRequest:', 'maxRequst:', '8:3', 'gateway.maxRequst', /did you mean maxRequest\?/],
  ['another case', 'publicUrl:', 'public_url:', '6:3', 'gateway.public_url', /did you mean publicUrl\?/],
  ['a key that resembles nothing', 'version: 1', 'version: 1\nzzzzzzzz: 1', '2:1', 'zzzzzzzz', /known here: version, /],
  [
    'an unknown key in a flow mapping',
    ', min: 1',
    ', minimum: 1',
    '33:35',
    'approvals.two-eyes.minimum',
    /did you mean min\?/,
  ],
  [
    'a missing section',
    'ledger:\n  origin: example.com/mcp/gw-1\n  key: { file: ./keys/ledger.key }\n',
    '',
    '1:1',
    'ledger',
    /missing/,
  ],
  ['a missing field', '  origin: example.com/mcp/gw-1\n', '', '36:1', 'ledger.origin', /missing/],
  ['a missing public URL', '  publicUrl: https://mcp.example.com\n', '', '3:1', 'gateway.publicUrl', /https:\/\//],
  ['include', 'version: 1', 'version: 1\ninclude: [x.yaml]', '2:1', 'include', /not supported by this version yet/],
  ['anchors', '  key: {', '  anchors: []\n  key: {', '38:3', 'ledger.anchors', /not supported by this version yet/],
  ['a KMS key', 'file: ./keys/ledger.key', 'kms: arn', '38:10', 'ledger.key.kms', /not supported by this version yet/],
  [
    'a condition with a name that does not exist',
    'tools: [write_file]',
    'when: "arg.path == \'x\'"',
    '31:11',
    'policy[1].when',
    /is no condition: Unknown variable: arg \(at character 1\)/,
  ],
  [
    'a preset',
    'issuer: https',
    'preset: okta\n      issuer: https',
    '11:15',
    'identity.issuers[0].preset',
    /not supported by this version yet/,
  ],
  // -- types, formats and bounds
  ['another version', 'version: 1', 'version: 2', '1:10', 'version', /must be 1/],
  [
    'text where a list stands',
    '[/srv/files]',
    '/srv/files',
    '17:52',
    'servers.files.stdio.args',
    /expected a list, found text/,
  ],
  [
    'a list where a mapping stands',
    "organization: { name: Example Inc, timezone: UTC, accent: '#1f4d3a' }",
    'organization: []',
    '2:15',
    'organization',
    /expected a mapping.*found a list/,
  ],
  [
    'a number where text stands',
    'name: Example Inc',
    'name: 7',
    '2:23',
    'organization.name',
    /expected text.*found a number/,
  ],
  ['a duration without unit', '50s', '"50"', '7:17', 'gateway.approvalHold', /such as 500ms/],
  ['a duration as a number', '50s', '50', '7:17', 'gateway.approvalHold', /expected text/],
  ['a duration out of bounds', '50s', '2d', '7:17', 'gateway.approvalHold', /between 0s and 10m/],
  ['a size in decimal units', '4MiB', '4MB', '8:15', 'gateway.maxRequest', /such as 512KiB/],
  ['an address without port', '127.0.0.1:8080', '127.0.0.1', '4:11', 'gateway.listen', /host:port/],
  ['a port that is none', '127.0.0.1:8080', '127.0.0.1:70000', '4:11', 'gateway.listen', /between 1 and 65535/],
  ['a time zone that is none', 'timezone: UTC', 'timezone: Mars/North', '2:46', 'organization.timezone', /time zone/],
  ['a colour that is none', "'#1f4d3a'", 'green', '2:59', 'organization.accent', /colour/],
  [
    'a server id with capitals',
    '  billing:\n    http',
    '  Billing:\n    http',
    '18:3',
    'servers.Billing',
    /the key must be 1 to 32/,
  ],
  [
    'both transports',
    'stdio: { command',
    'http: { url: http://127.0.0.1:1/mcp }\n    stdio: { command',
    '16:3',
    'servers.files',
    /exactly one of stdio and http/,
  ],
  [
    'a password in a URL',
    'http://127.0.0.1:9000',
    'http://u:hunter2@127.0.0.1:9000',
    '19:18',
    'servers.billing.http.url',
    /user name or password/,
  ],
  ['a header in clear', '{ env: KEY }', 'hunter2', '19:63', 'servers.billing.http.headers.x-key', /expected a mapping/],
  [
    'a secret with two sources',
    '{ env: KEY }',
    '{ env: KEY, file: k }',
    '19:63',
    'servers.billing.http.headers.x-key',
    /exactly one of env and file/,
  ],
  [
    'a symmetric algorithm',
    '[ES256]',
    '[HS256]',
    '14:20',
    'identity.issuers[0].algorithms[0]',
    /did you mean RS256\?|did you mean ES256\?/,
  ],
  ['no algorithm', '[ES256]', '[none]', '14:20', 'identity.issuers[0].algorithms[0]', /must be one of/],
  [
    'a role that is none',
    'arn:aws:iam::111122223333:role/billing',
    'billing',
    '21:16',
    'servers.billing.aws.roleArn',
    /ARN of an IAM role/,
  ],
  [
    'an event without source',
    'ec2.amazonaws.com:StopInstances',
    'StopInstances',
    '23:32',
    'servers.billing.aws.tools.stop[0].event',
    /must look like/,
  ],
  ['a glob with alternatives', "'read_*'", "'{read,list}_*'", '27:80', 'policy[0].tools[0]', /only \* is a wildcard/],
  [
    'tools/call as a method',
    'tools: [write_file]',
    'methods: [tools/call]',
    '31:15',
    'policy[1].methods[0]',
    /name the tools/,
  ],
  [
    'a rule with two effects',
    'approval: two-eyes',
    'approval: two-eyes\n    deny: true',
    '28:5',
    'policy[1]',
    /exactly one of allow, deny and approval/,
  ],
  [
    'a rule without effect',
    '    approval: two-eyes\n',
    '',
    '28:5',
    'policy[1]',
    /exactly one of allow, deny and approval/,
  ],
  ['allow: false', 'allow: true', 'allow: false', '27:25', 'policy[0].allow', /must be true/],
  ['an empty list of groups', 'groups: [engineering]', 'groups: []', '27:39', 'policy[0].groups', /at least 1/],
  ['no reviewers', 'reviewers: [leads]', 'reviewers: []', '33:26', 'approvals.two-eyes.reviewers', /at least 1/],
  ['nobody needed', ', min: 1', ', min: 0', '33:40', 'approvals.two-eyes.min', /at least 1/],
  [
    'masking without secrets',
    '[secrets, personal]',
    '[personal]',
    '35:36',
    'masking.profiles.strict.detectors',
    /cannot be switched off/,
  ],
  ['an origin with a space', 'example.com/mcp/gw-1', 'my gateway', '37:11', 'ledger.origin', /for ever/],
  // -- several fields
  ['one port for both listeners', '127.0.0.1:8081', '127.0.0.1:8080', '5:10', 'gateway.admin', /another port/],
  ['http in public', 'publicUrl: https', 'publicUrl: http', '6:14', 'gateway.publicUrl', /must start with https/],
  [
    'a path in the public URL',
    'publicUrl: https://mcp.example.com',
    'publicUrl: https://mcp.example.com/x',
    '6:14',
    'gateway.publicUrl',
    /without a path/,
  ],
  [
    'one audience for both uses',
    'approvalAudience: https://mcp.example.com/approvals',
    'approvalAudience: https://mcp.example.com',
    '13:25',
    'identity.issuers[0].approvalAudience',
    /no token an agent holds/,
  ],
  [
    'an approval audience that is an audience of another issuer',
    '      algorithms: [ES256]',
    '    - { issuer: https://b.example.com, audience: b, approvalAudience: https://mcp.example.com }',
    '14:71',
    'identity.issuers[1].approvalAudience',
    /no token an agent holds/,
  ],
  [
    'an issuer twice',
    '      algorithms: [ES256]',
    '    - { issuer: https://login.example.com, audience: b }',
    '14:17',
    'identity.issuers[1].issuer',
    /twice/,
  ],
  ['a rule id twice', 'id: writes', 'id: reads', '28:9', 'policy[1].id', /another rule/],
  [
    'an unknown server',
    'servers: [files]',
    'servers: [fils]',
    '27:64',
    'policy[0].servers[0]',
    /matches no server; there are: files, billing/,
  ],
  [
    'an unknown approval rule',
    'approval: two-eyes',
    'approval: three-eyes',
    '29:15',
    'policy[1].approval',
    /there are: two-eyes/,
  ],
  [
    'approvals nobody could give',
    '      approvalAudience: https://mcp.example.com/approvals\n',
    '',
    '28:15',
    'policy[1].approval',
    /nobody could approve/,
  ],
  [
    'an unknown masking profile',
    '  billing:',
    '  billing:\n    masking: lax',
    '19:14',
    'servers.billing.masking',
    /there are: default, strict/,
  ],
  [
    'an account of an unknown issuer',
    'https://login.example.com|u1',
    'https://other.example.com|u1',
    '25:45',
    'people[0].subjects[0]',
    /no issuer/,
  ],
  [
    'an account of two people',
    "['https://login.example.com|u1'] }",
    "['https://login.example.com|u1'], agents: ['https://login.example.com|u1'] }",
    '25:87',
    'people[0].agents[0]',
    /one person/,
  ],
  ['a person twice', 'policy:', '  - { person: owner@example.com }\npolicy:', '26:15', 'people[1].person', /twice/],
  [
    'a secret in a variable',
    'args: [/srv/files]',
    'env: { GITHUB_TOKEN: hunter2 }',
    '17:67',
    'servers.files.stdio.env.GITHUB_TOKEN',
    /move it to secretEnv/,
  ],
];

const broken = (find: string, replace: string): string => {
  expect(GOOD.split(find).length, `${find} stands once`).toBeGreaterThanOrEqual(2);
  return GOOD.replace(find, replace);
};

describe('a configuration that is refused', () => {
  it('starts from one that loads', () => {
    expect(checkConfiguration(GOOD, 'countersign.yaml')).toMatchObject({ ok: true });
  });

  it.each(ROWS)('%s', (_, find, replace, place, field, message) => {
    const checked = checkConfiguration(broken(find, replace), 'countersign.yaml');
    const problems = checked.ok ? [] : checked.problems;
    const shown = problems.map((problem) => `${problem.line}:${problem.column} ${problem.field}: ${problem.message}`);
    const found = problems.find((problem) => problem.field === field && message.test(problem.message));
    expect(found, shown.join('\n') || 'no problem found').toBeDefined();
    expect(`${found?.line}:${found?.column}`, shown.join('\n')).toBe(place);
    expect(shown.join('\n')).not.toContain('hunter2');
  });
});
