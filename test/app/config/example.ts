/** A configuration that loads and uses most fields. */
export const GOOD = `version: 1
organization: { name: Example Inc, timezone: UTC, accent: '#1f4d3a' }
gateway:
  listen: 127.0.0.1:8080
  admin: 127.0.0.1:8081
  publicUrl: https://mcp.example.com
  approvalHold: 50s
  maxRequest: 4MiB
identity:
  issuers:
    - issuer: https://login.example.com
      audience: https://mcp.example.com
      approvalAudience: https://mcp.example.com/approvals
      algorithms: [ES256]
servers:
  files:
    stdio: { command: mcp-server-filesystem, args: [/srv/files] }
  billing:
    http: { url: http://127.0.0.1:9000/mcp, headers: { x-key: { env: KEY } } }
    aws:
      roleArn: arn:aws:iam::111122223333:role/billing
      region: eu-central-1
      tools: { stop: [{ event: 'ec2.amazonaws.com:StopInstances', write: true }] }
people:
  - { person: owner@example.com, subjects: ['https://login.example.com|u1'] }
policy:
  - { id: reads, allow: true, groups: [engineering], servers: [files], tools: ['read_*'] }
  - id: writes
    approval: two-eyes
    servers: ['*']
    tools: [write_file]
approvals:
  two-eyes: { reviewers: [leads], min: 1, deadline: 15m }
masking:
  profiles: { strict: { detectors: [secrets, personal], keys: [password] } }
ledger:
  origin: example.com/mcp/gw-1
  key: { file: ./keys/ledger.key }
`;
