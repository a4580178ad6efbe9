/**
 * The fixed part of the demo's world: servers, policy and which AWS events each tool causes. Objects have the
 * shape of `countersign.yaml`. What varies with the seed is `plan.ts`.
 */

export type DemoServer = 'everything' | 'files' | 'cloud';

/** The groups that people of the demo can be in. */
export type DemoGroup = 'engineering' | 'platform-leads' | 'support' | 'agents';

export const SAMPLE_ACCOUNT = '111122223333';
export const SAMPLE_REGION = 'eu-central-1';
export const SAMPLE_BUCKET = 'demo-invalid-trail';
export const SAMPLE_ROLE = 'sample-cloud-mcp';
/** The role of the machine that the gateway runs on. */
export const GATEWAY_ROLE = 'countersign-gateway';

const READS = ['read_*', 'list_*', 'get_file_info', 'search_files', 'directory_tree'];

/** `policy:` of the configuration. */
export const DEMO_POLICY = [
  { id: 'nobody-reads-the-environment', deny: true, servers: ['everything'], tools: ['get-env'] },
  {
    id: 'engineers-use-tools',
    allow: true,
    groups: ['engineering'],
    servers: ['everything'],
    tools: ['echo', 'get-*'],
  },
  {
    id: 'engineers-read-files',
    allow: true,
    groups: ['engineering', 'platform-leads'],
    servers: ['files'],
    tools: READS,
  },
  {
    id: 'engineers-read-the-cloud',
    allow: true,
    groups: ['engineering', 'platform-leads'],
    servers: ['cloud'],
    tools: ['list_instances', 'get_secret'],
  },
  { id: 'support-reads-files', allow: true, groups: ['support'], servers: ['files'], tools: ['read_*', 'list_*'] },
  { id: 'agents-use-tools', allow: true, groups: ['agents'], servers: ['everything'], tools: ['echo', 'get-sum'] },
  { id: 'agents-list-instances', allow: true, groups: ['agents'], servers: ['cloud'], tools: ['list_instances'] },
  {
    id: 'writes-need-a-second-person',
    approval: 'two-eyes',
    groups: ['engineering'],
    servers: ['files'],
    tools: ['write_file', 'edit_file', 'move_file', 'create_directory'],
  },
  {
    id: 'stopping-needs-a-second-person',
    approval: 'two-eyes',
    groups: ['engineering'],
    servers: ['cloud'],
    tools: ['stop_instance'],
  },
] as const;

/** `approvals:` of the configuration. */
export const DEMO_APPROVALS = {
  'two-eyes': { reviewers: ['platform-leads'], min: 1, deadline: '15m', requireReason: true },
} as const;

/** `servers.cloud.aws.tools:` of the configuration. */
export const CLOUD_TOOLS = {
  list_instances: [{ event: 'ec2.amazonaws.com:DescribeInstances', write: false }],
  stop_instance: [{ event: 'ec2.amazonaws.com:StopInstances', write: true }],
  get_secret: [{ event: 'secretsmanager.amazonaws.com:GetSecretValue', write: false }],
} as const;
