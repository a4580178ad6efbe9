/** What a bucket is asked, against a small server that answers as AWS documents conditional writes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.js';
import { checkpointText } from '../../../src/base/note.js';
import type { AnchorHead } from '../../../src/ledger/anchors/anchor.js';
import { createS3Anchor } from '../../../src/ledger/anchors/s3.js';
import { ORIGIN } from '../samples.js';
import { never } from './world.js';

const objects = new Map<string, Buffer>();
const asked: Record<string, string | string[] | undefined>[] = [];
let server: Server;
let client: S3Client;
let refuse: string | null = null;

const error = (code: string): string => `<Error><Code>${code}</Code><Message>no</Message></Error>`;

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const path = (request.url ?? '').split('?')[0] ?? '';
  asked.push(request.headers);
  if (refuse) return void response.writeHead(403).end(error(refuse));
  const stored = objects.get(path);
  if (request.method === 'GET')
    return stored ? void response.writeHead(200).end(stored) : void response.writeHead(404).end(error('NoSuchKey'));
  if (stored && request.headers['if-none-match'] === '*')
    return void response.writeHead(412).end(error('PreconditionFailed'));
  objects.set(path, Buffer.concat(chunks));
  return void response.writeHead(200, { 'x-amz-version-id': 'v1' }).end();
};

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  client = new S3Client({ region: 'eu-central-1', endpoint, forcePathStyle: true, credentials, maxAttempts: 1 });
});
afterAll(() => {
  client.destroy();
  server.close();
});

const anchor = () =>
  createS3Anchor({
    name: 'archive',
    origin: ORIGIN,
    bucket: 'anchors',
    prefix: 'p/',
    retention: 1_000,
    client,
    clock: systemClock(),
  });
const head = (size: number, fill: number): AnchorHead => {
  const checkpoint = { origin: ORIGIN, size, root: Buffer.alloc(32, fill) };
  return { ...checkpoint, note: `${checkpointText(checkpoint)}\n\u2014 ${ORIGIN} AAAAAAAA\n` };
};

it('puts each checkpoint under its size, locked in compliance mode, and only where nothing stands', async () => {
  await expect(anchor().put(head(7, 1), never)).resolves.toMatchObject({
    kind: 's3',
    key: 'p/example.com_mcp_gw-1/0000000000000007',
    version: 'v1',
  });
  expect(asked.at(-1)).toMatchObject({ 'if-none-match': '*', 'x-amz-object-lock-mode': 'COMPLIANCE' });
  expect(asked.at(-1)?.['x-amz-object-lock-retain-until-date']).toBeDefined();
  expect(
    Object.keys(asked.at(-1) ?? {}).some((name) => name.startsWith('x-amz-checksum') || name === 'content-md5'),
  ).toBe(true);
});

it('is content with the same checkpoint, and refuses another history', async () => {
  await expect(anchor().put(head(7, 1), never)).resolves.toMatchObject({ kind: 's3', version: null });
  await expect(anchor().put(head(7, 2), never)).rejects.toMatchObject({
    message: expect.stringContaining('another history'),
    conflict: { size: 7, root: Buffer.alloc(32, 1) },
  });
});

it('says what S3 said, without its words', async () => {
  refuse = 'AccessDenied';
  await expect(anchor().put(head(8, 1), never)).rejects.toThrow('S3: access denied');
  await expect(anchor().latest({ origin: ORIGIN, head: null, since: 0, lookOnly: false }, never)).rejects.toThrow(
    'S3: access denied',
  );
  refuse = null;
});
