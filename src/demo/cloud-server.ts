/**
 * The sample MCP server of the demo: three tools over the sample AWS account, on standard input and output.
 * A program of its own: it finds its endpoint, Region and credentials in the environment, as an AWS SDK would.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { type AwsAnswer, callAws, fetchContainerCredentials } from './aws/client.js';

const ENVIRONMENT = z.object({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: z.url(),
  AWS_CONTAINER_AUTHORIZATION_TOKEN: z.string().min(1),
  AWS_REGION: z.string().min(1),
  AWS_ENDPOINT_URL: z.url(),
  AWS_SDK_UA_APP_ID: z.string().default(''),
});

type Environment = z.infer<typeof ENVIRONMENT>;

/** One signed call with fresh credentials: renewal is then the gateway's business alone. */
const callAccount = async (
  settings: Environment,
  service: string,
  operation: string,
  parameters: Readonly<Record<string, string>>,
): Promise<AwsAnswer> => {
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = settings;
  const caller = {
    endpoint: settings.AWS_ENDPOINT_URL,
    region: settings.AWS_REGION,
    keys: await fetchContainerCredentials(uri, token),
    now: Date.now(),
    userAgent: `sample-cloud-server/1.0 app/${settings.AWS_SDK_UA_APP_ID}`,
  };
  const answer = await callAws(caller, service, operation, parameters);
  if (answer.status !== 200) throw new Error(`AWS answered ${answer.status}, request id ${answer.requestId}`);
  return answer;
};

/** The content of each element of that name, in order. Enough for the flat answers of the sample account. */
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, content]) => content ?? '');

const result = (structuredContent: Record<string, unknown>) => ({
  content: [{ type: 'text' as const, text: JSON.stringify(structuredContent) }],
  structuredContent,
});

const listInstances = async (settings: Environment) => {
  const { body, requestId } = await callAccount(settings, 'ec2', 'DescribeInstances', {});
  const [ids, states, names] = ['instanceId', 'name', 'value'].map((name) => elements(body, name));
  const instances = ids?.map((id, index) => ({ instanceId: id, state: states?.[index], name: names?.[index] }));
  return result({ instances, requestId });
};

const stopInstance = async (settings: Environment, instanceId: string) => {
  const { body, requestId } = await callAccount(settings, 'ec2', 'StopInstances', { 'InstanceId.1': instanceId });
  const [currentState, previousState] = elements(body, 'name');
  return result({ instanceId, previousState, currentState, requestId });
};

const SECRET_ANSWER = z.object({ SecretString: z.string() });
const SECRET_VALUE = z.record(z.string(), z.string());

const getSecret = async (settings: Environment, name: string) => {
  const { body, requestId } = await callAccount(settings, 'secretsmanager', 'GetSecretValue', { SecretId: name });
  const value = SECRET_VALUE.parse(JSON.parse(SECRET_ANSWER.parse(JSON.parse(body)).SecretString));
  return result({ name, value, requestId });
};

const requestId = z.string().describe('x-amzn-requestid of the AWS call');

const createServer = (settings: Environment): McpServer => {
  const server = new McpServer({ name: 'sample-cloud', version: '1.0.0' });
  server.registerTool(
    'list_instances',
    {
      description: 'Lists the instances of the sample account',
      inputSchema: z.object({}),
      outputSchema: z.object({
        instances: z.array(z.object({ instanceId: z.string(), state: z.string(), name: z.string() })),
        requestId,
      }),
      annotations: { readOnlyHint: true },
    },
    () => listInstances(settings),
  );
  server.registerTool(
    'stop_instance',
    {
      description: 'Stops an instance of the sample account',
      inputSchema: z.object({ instanceId: z.string().max(64) }),
      outputSchema: z.object({
        instanceId: z.string(),
        previousState: z.string(),
        currentState: z.string(),
        requestId,
      }),
      annotations: { readOnlyHint: false, destructiveHint: true },
    },
    ({ instanceId }) => stopInstance(settings, instanceId),
  );
  server.registerTool(
    'get_secret',
    {
      description: 'Fetches a secret of the sample account',
      inputSchema: z.object({ name: z.string().max(256) }),
      outputSchema: z.object({ name: z.string(), value: z.record(z.string(), z.string()), requestId }),
      annotations: { readOnlyHint: true },
    },
    ({ name }) => getSecret(settings, name),
  );
  return server;
};

const settings = ENVIRONMENT.parse(process.env);
serveStdio(() => createServer(settings));
