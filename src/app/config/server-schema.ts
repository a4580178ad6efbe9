/** The schema of one server under `servers:`. */
import { z } from 'zod';
import { awsRegion, duration, line, name, path, roleArn, secretSource, webUrl } from './fields.js';
import { oauth } from './oauth-schema.js';
import { awsTags, claimTags } from './session-tags.js';

const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of an environment variable');

const argument = z
  .string()
  .max(4_096)
  .refine((text) => !text.includes('\0'), { error: 'must not hold a zero byte' });

const stdio = z.strictObject({
  command: line(4_096),
  args: z.array(argument).max(200).default([]),
  env: z.record(environmentName, argument).default({}),
  secretEnv: z.record(environmentName, secretSource).optional(),
  cwd: path.optional(),
});

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'must be the name of an HTTP header');

const upstreamTls = z
  .strictObject({ ca: path.optional(), cert: path.optional(), key: path.optional() })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'must have both cert and key, or neither',
  })
  .refine(({ ca, cert }) => ca !== undefined || cert !== undefined, { error: 'must name ca, or cert and key' });

const http = z
  .strictObject({
    url: webUrl,
    transport: z.enum(['streamable', 'sse']).default('streamable'),
    headers: z.record(headerName, secretSource).default({}),
    socket: path.optional(),
    tls: upstreamTls.optional(),
    oauth: oauth.optional(),
  })
  .refine(({ url, tls }) => tls === undefined || url.startsWith('https:'), {
    path: ['tls'],
    error: 'is for an https:// url',
  });

const pointer = z
  .string()
  .max(200)
  .regex(/^(?:\/(?:[^~/]|~[01])+)+$/, 'must be a JSON pointer such as /instance_id');

const awsEvent = z.strictObject({
  event: z
    .string()
    .regex(/^[a-z0-9.-]{1,100}\.amazonaws\.com:[A-Za-z0-9]{1,100}$/, 'must look like ec2.amazonaws.com:StopInstances'),
  write: z.boolean().default(false),
  data: z.boolean().default(false),
  async: duration('0s', '24h').prefault('0s'),
  resource: z.strictObject({ argument: pointer, parameter: pointer }).optional(),
});

/** Per tool, the AWS events that a call causes: `tools:` of a server, and the files of `templates/aws/tools/`. */
export const awsTools = z.record(line(200), z.array(awsEvent).max(50));

/** The files of `templates/aws/tools/`. */
export const TOOLSETS = ['awslabs.cloudtrail-mcp-server', 'awslabs.iam-mcp-server'] as const;

const aws = z.strictObject({
  roleArn,
  region: awsRegion,
  endpoint: webUrl.optional(),
  serviceEndpoint: webUrl.optional(),
  tags: awsTags,
  claimTags,
  sessionPolicy: path.optional(),
  toolset: z.enum(TOOLSETS).optional(),
  tools: awsTools.default({}),
});

/** Requests of one principal to one server. */
export const perMinute = z.int().min(1).max(1_000_000).optional();
export const concurrent = z.int().min(1).max(10_000);

export const server = z
  .strictObject({
    stdio: stdio.optional(),
    http: http.optional(),
    aws: aws.optional(),
    data: z
      .strictObject({
        classification: line(50).optional(),
        personal: z.boolean().default(false),
        purposes: z.array(line(100)).max(50).default([]),
      })
      .optional(),
    masking: name.default('default'),
    limits: z.strictObject({ perMinute, concurrent: concurrent.optional() }).optional(),
  })
  .refine(({ stdio: left, http: right }) => (left === undefined) !== (right === undefined), {
    error: 'must have exactly one of stdio and http',
  });

/** Key under `servers:`; it is a step of the URL path and a column of the report. */
export const serverId = z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits or "-"');
