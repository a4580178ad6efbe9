import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkNote, parseNote, parseVerifierKey } from '../../src/base/note.js';
import { openLedger } from '../../src/ledger/append.js';
import { openKms, remoteKey } from '../../src/ledger/kms.js';
import { readLedger } from '../../src/ledger/read.js';
import { verifyPath } from '../../src/verify/verify.js';
import { KEY_ARN, type KmsDouble, startKms } from '../aws/kms-double.js';
import { trustFile } from '../verify/sample.js';
import { callDraft, newKey, ORIGIN, testClock } from './samples.js';

const HOUR = 3_600_000;
let dir: string;
let kms: KmsDouble;
beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI');
  dir = await mkdtemp(join(tmpdir(), 'countersign-kms-'));
  kms = await startKms();
});
afterEach(async () => {
  await kms.close();
  await rm(dir, { recursive: true });
  vi.unstubAllEnvs();
});

const service = (arn = KEY_ARN, endpoint = kms.endpoint) =>
  openKms({ arn, region: 'eu-central-1', profile: null, roleArn: null, externalId: null, endpoint }, {});

const open = async (over: Partial<Parameters<typeof openLedger>[0]> = {}) =>
  openLedger({
    dir: join(dir, 'ledger'),
    origin: ORIGIN,
    key: await remoteKey(await service()),
    clock: testClock(),
    heartbeat: 0,
    ...over,
  });

const codes = async (key: string): Promise<readonly string[]> => {
  const { findings } = await verifyPath(join(dir, 'ledger'), { trust: await trustFile({ ledgers: [key] }) });
  return findings.map(({ code }) => code);
};

test('a root key in KMS certifies each segment, and signs nothing else', async () => {
  const ledger = await open({ rotate: { bytes: 5_000, age: HOUR } });
  for (let n = 0; n < 12; n++) await ledger.append(callDraft(n, { forwarded: false }));
  await ledger.close('test');
  const segs = [];
  for await (const { type, d } of readLedger(join(dir, 'ledger'), { verify: true })) if (type === 'seg') segs.push(d);
  expect(segs.length).toBeGreaterThan(2);
  expect(kms.signed.length).toBe(segs.length);
  expect(kms.signed.every((text) => text.startsWith(`countersign/segment/v1\n${ORIGIN}\n`))).toBe(true);
  expect(await codes(ledger.key)).toEqual(['NOT_ANCHORED']);
});

test('without rotation, too: a key that is kept elsewhere never signs records', async () => {
  const ledger = await open();
  await ledger.append(callDraft(1, { forwarded: false }));
  await ledger.close('test');
  expect(kms.signed.length).toBe(1);
  expect(await codes(ledger.key)).toEqual(['NOT_ANCHORED']);
  const again = await open();
  expect(again.key).toBe(ledger.key);
  await again.close('test');
});

test('it signs a note where that is asked for', async () => {
  const ledger = await open();
  const text = `${ORIGIN}\n1\n${Buffer.alloc(32).toString('base64')}\n`;
  const note = parseNote(`${text}\n${await ledger.signRoot(text)}\n`);
  expect(checkNote(note, parseVerifierKey(ledger.key))).toBe(true);
  await ledger.close('test');
});

test.each([
  ['AccessDeniedException', 'AWS KMS: access denied'],
  ['ExpiredTokenException', 'AWS KMS: the credentials have expired'],
  ['NotFoundException', 'AWS KMS: NotFoundException'],
])('a start without the key is refused: %s', async (failure, problem) => {
  kms.failure = failure;
  await expect(open()).rejects.toMatchObject({ code: 'ROOT_KEY_UNAVAILABLE', details: { problem } });
  kms.failure = null;
  await (await open()).close('test');
});

test('a KMS that cannot be reached, a key of another kind, one that does not sign so, and a false signature', async () => {
  await expect(service(KEY_ARN, 'http://127.0.0.1:1').then(remoteKey)).rejects.toMatchObject({
    code: 'ROOT_KEY_UNAVAILABLE',
  });
  const other = await startKms('ed448');
  await expect(service(KEY_ARN, other.endpoint).then(remoteKey)).rejects.toThrow('no Ed25519 key');
  await other.close();
  kms.algorithms = ['ECDSA_SHA_256'];
  await expect(open()).rejects.toThrow('does not sign with ED25519_SHA_512');
  kms.algorithms = ['ED25519_SHA_512'];
  kms.lies = true;
  await expect(open()).rejects.toThrow('a signature that its public key does not verify');
});

test('another key than the ledger was begun with is refused', async () => {
  await (await open()).close('test');
  await expect(open({ key: newKey() })).rejects.toMatchObject({ code: 'LEDGER_KEY' });
});

test('where KMS does not answer the next segment is put off, and records go on in the open one', async () => {
  const clock = testClock();
  const problems: unknown[] = [];
  const ledger = await open({ clock, rotate: { bytes: 5_000, age: HOUR }, onProblem: (error) => problems.push(error) });
  kms.failure = 'AccessDeniedException';
  for (let n = 0; n < 12; n++) await ledger.append(callDraft(n, { forwarded: false }));
  expect(problems.length).toBe(1);
  await expect(ledger.rotate()).rejects.toMatchObject({ code: 'ROOT_KEY_UNAVAILABLE' });
  expect(ledger.healthy).toBe(true);
  kms.failure = null;
  clock.advance(60_000);
  await ledger.append(callDraft(13, { forwarded: false }));
  await ledger.append(callDraft(14, { forwarded: false }));
  await ledger.close('test');
  expect(kms.signed.length).toBe(2);
  expect(await codes(ledger.key)).toEqual(['NOT_ANCHORED']);
});

test.each([
  ['a member that is not in the model', 'Sign', { KeyID: KEY_ARN }, 'SerializationException'],
  ['a member that is missing', 'Sign', { KeyId: KEY_ARN, Message: 'AA==' }, 'SerializationException'],
  ['a member of another type', 'GetPublicKey', { KeyId: 7 }, 'SerializationException'],
  [
    'an algorithm that there is not',
    'Sign',
    { KeyId: KEY_ARN, Message: 'AA==', MessageType: 'RAW', SigningAlgorithm: 'ED25519' },
    'ValidationException',
  ],
  ['another operation', 'Encrypt', { KeyId: KEY_ARN }, 'UnknownOperationException'],
])('this KMS is held to the published model: it does not take %s', async (_name, operation, body, type) => {
  const answer = await fetch(kms.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': `TrentService.${operation}`, authorization: 'AWS4-HMAC-SHA256 x' },
    body: JSON.stringify(body),
  });
  expect([answer.status, await answer.json()]).toEqual([400, { __type: type }]);
});
