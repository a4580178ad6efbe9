/** An MCP server as people write them: the AWS SDK with its default credentials, and a tool for each thing to do. */
import { IAMClient, paginateListUsers } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const s3 = new S3Client({});
const sts = new STSClient({});
const secrets = new SecretsManagerClient({});
/** IAM is signed for us-east-1, wherever it is called from. */
const iam = new IAMClient({ region: 'us-east-1' });

const said = (value) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });
/** As servers do that pass on what the SDK says of a request. */
const withId = ({ $metadata }, value = {}) => said({ ...value, requestId: $metadata.requestId });
const bucket = z.string().max(63);
const object = { bucket, key: z.string().max(200) };

const TOOLS = {
  whoami: [{}, async () => said({ arn: (await sts.send(new GetCallerIdentityCommand({}))).Arn })],
  list_buckets: [
    {},
    async () => {
      const answer = await s3.send(new ListBucketsCommand({}));
      return withId(answer, { buckets: answer.Buckets?.map(({ Name }) => Name) });
    },
  ],
  create_bucket: [
    { bucket, owner: z.string().max(60) },
    async ({ bucket: Bucket, owner: Value }) => {
      await s3.send(new CreateBucketCommand({ Bucket }));
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'owner', Value }] } }));
      return said({ created: Bucket });
    },
  ],
  put_object: [
    { ...object, body: z.string().max(1000) },
    async ({ bucket: Bucket, key: Key, body: Body }) =>
      withId(await s3.send(new PutObjectCommand({ Bucket, Key, Body })), { stored: Key }),
  ],
  get_object: [
    object,
    async ({ bucket: Bucket, key: Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return said({ body: await Body.transformToString() });
    },
  ],
  list_users: [
    {},
    async () => {
      const names = [];
      for await (const { Users } of paginateListUsers({ client: iam, pageSize: 2 }, {}))
        names.push(...Users.map(({ UserName }) => UserName));
      return said({ names });
    },
  ],
  get_secret: [
    { name: z.string().max(60) },
    async ({ name: SecretId }) => {
      const answer = await secrets.send(new GetSecretValueCommand({ SecretId }));
      return withId(answer, { length: answer.SecretString.length });
    },
  ],
  put_secret: [
    { name: z.string().max(60), value: z.string().max(60) },
    async ({ name: SecretId, value: SecretString }) => {
      await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
      return said({ changed: SecretId });
    },
  ],
};

serveStdio(() => {
  const server = new McpServer({ name: 'sdk-server', version: '1.0.0' });
  for (const [name, [shape, run]] of Object.entries(TOOLS)) {
    server.registerTool(name, { description: `Does ${name}`, inputSchema: z.object(shape) }, run);
  }
  return server;
});
