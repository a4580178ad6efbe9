/** Secrets of servers that stand in AWS Secrets Manager: read at the start, read again, and never used too long. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resolveSecret } from '../../src/app/config.js';
import { freshened, openServerSecrets } from '../../src/app/server-secrets.js';
import { withAwsKeys } from '../aws/collect.js';
import { handClock } from '../identity/support.js';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:billing-AbCdEf';

/** GetSecretValue of the published API model (AWS JSON 1.1, service secretsmanager). */
const store = { value: 'clear-1', failure: null as string | null, asked: [] as unknown[] };

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    store.asked.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const known = request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue';
    const signed = request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ') === true;
    const failure = known && signed ? store.failure : 'UnknownOperationException';
    response.writeHead(failure === null ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
    const answer = { ARN, Name: 'billing', VersionId: 'v1', SecretString: store.value };
    response.end(JSON.stringify(failure === null ? answer : { __type: failure, message: `about ${store.value}` }));
  });
});

withAwsKeys();
const ENDPOINT = 'AWS_ENDPOINT_URL_SECRETS_MANAGER';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  process.env[ENDPOINT] = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
});
afterAll(() => {
  delete process.env[ENDPOINT];
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  Object.assign(store, { value: 'clear-1', failure: null, asked: [] });
});

const read = (secretsManager: string) => resolveSecret({ secretsManager });

describe('a secret in AWS Secrets Manager', () => {
  test('is its text, or a member of its JSON object, in the stage that is named', async () => {
    expect(await read(ARN)).toBe('clear-1');
    store.value = '{"token":"clear-2","port":5432}';
    expect(await read(`${ARN}:token:AWSPREVIOUS:`)).toBe('clear-2');
    expect(store.asked).toEqual([{ SecretId: ARN }, { SecretId: ARN, VersionStage: 'AWSPREVIOUS' }]);
  });

  test.each([
    ['a number', '{"port":5432}', `${ARN}:port`, 'it is no JSON object with a text port'],
    ['no JSON', 'clear-3', `${ARN}:port`, 'it is no JSON object with a text port'],
    ['nothing', '', ARN, 'it is empty'],
  ])('that holds %s is refused, and its value not shown', async (_, value, name, problem) => {
    store.value = value;
    const error: unknown = await read(name).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'SECRET_STORE', details: { problem } });
    if (value !== '') expect(String(error)).not.toContain(value);
  });

  test.each([
    ['AccessDeniedException', 'access denied'],
    ['ResourceNotFoundException', 'ResourceNotFoundException'],
  ])('that AWS refuses with %s says so, without its words', async (failure, problem) => {
    store.failure = failure;
    const error: unknown = await read(ARN).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'SECRET_STORE', details: { problem } });
    expect(String(error)).not.toContain('clear-1');
  });
});

describe('while the gateway runs', () => {
  const MINUTE = 60_000;

  test('is read again when it is five minutes old, once for all who wait', async () => {
    const { clock, turn } = handClock();
    let reads = 0;
    const secret = freshened('0', async () => String(++reads), clock);
    turn(4 * MINUTE);
    expect(await secret.get()).toBe('0');
    turn(2 * MINUTE);
    expect(await Promise.all([secret.get(), secret.get()])).toEqual(['1', '1']);
    expect(reads).toBe(1);
  });

  test('serves for a quarter of an hour while the store is silent, and then no longer', async () => {
    const { clock, turn } = handClock();
    let silent = true;
    let reads = 0;
    const secret = freshened(
      'old',
      () => {
        reads++;
        return silent ? Promise.reject(new Error('silent')) : Promise.resolve('new');
      },
      clock,
    );
    turn(6 * MINUTE);
    expect(await secret.get()).toBe('old');
    expect(await secret.get()).toBe('old');
    expect(reads).toBe(1);
    turn(10 * MINUTE);
    await expect(secret.get()).rejects.toThrow('silent');
    silent = false;
    expect(await secret.get()).toBe('new');
  });

  test('is read again at once where the server refused it', async () => {
    const { clock, turn } = handClock();
    const secret = freshened('old', () => Promise.resolve('new'), clock);
    turn(1_000);
    expect(await secret.get()).toBe('old');
    secret.stale();
    expect(await secret.get()).toBe('new');
  });

  test('stands in the headers of its server, beside those that never change', async () => {
    const { clock, turn } = handClock();
    const upstream = {
      kind: 'http',
      url: 'https://billing.example.com/mcp',
      headers: { 'x-key': { secretsManager: ARN }, 'x-team': { env: 'TEAM' } },
    } as const;
    const about = { id: 'billing', upstream, aws: null, data: null, masking: 'default' };
    const secrets = await openServerSecrets(about, (source) => resolveSecret(source, { TEAM: 'payments' }), clock);
    expect(await secrets.values()).toEqual({ 'x-key': 'clear-1', 'x-team': 'payments' });
    store.value = 'clear-2';
    turn(6 * MINUTE);
    expect(await secrets.values()).toEqual({ 'x-key': 'clear-2', 'x-team': 'payments' });
    store.failure = 'AccessDeniedException';
    turn(20 * MINUTE);
    await expect(secrets.values()).rejects.toMatchObject({ code: 'SECRET_STORE' });
  });
});
