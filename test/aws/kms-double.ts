/**
 * AWS KMS as far as a root key needs it (AWS JSON 1.1, service TrentService): GetPublicKey and Sign with one key pair of
 * the kind ECC_NIST_EDWARDS25519. Each request and each answer is held to the published API model, words of its
 * enumerations included.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { GetPublicKey$, KeySpec, KeyUsageType, MessageType, Sign$, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { holdToModel } from './api-model.js';

export const KEY_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

export interface KmsDouble {
  readonly endpoint: string;
  readonly publicKey: KeyObject;
  /** Messages that were signed. */
  readonly signed: string[];
  /** Name of the error that every request ends with; null: none. */
  failure: string | null;
  /** What GetPublicKey says and Sign takes; the kind of key that KMS makes otherwise. */
  algorithms: readonly string[];
  /** Signs with another key. */
  lies: boolean;
  close(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return typeof body === 'object' && body !== null ? { ...body } : {};
};

class KmsFault extends Error {}

/** The words that the model allows for a member, wherever it stands. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  KeySpec: Object.values(KeySpec),
  KeyUsage: Object.values(KeyUsageType),
  MessageType: Object.values(MessageType),
  SigningAlgorithm: Object.values(SigningAlgorithmSpec),
  SigningAlgorithms: Object.values(SigningAlgorithmSpec),
};
/** Members of the model that are bytes: base64 in JSON. */
const BYTES: ReadonlySet<string> = new Set(['Message', 'PublicKey', 'Signature']);

const wordsProblem = (value: object): string | undefined => {
  for (const [name, member] of Object.entries(value)) {
    const texts: readonly unknown[] = Array.isArray(member) ? member : [member];
    const strange = texts.find((text) => WORDS[name] && !WORDS[name].includes(String(text)));
    if (strange !== undefined) return `${name} has a word that the model does not have`;
    const isBase64 = typeof member === 'string' && Buffer.from(member, 'base64').toString('base64') === member;
    if (BYTES.has(name) && !isBase64) return `${name} is not base64`;
  }
  return undefined;
};

const OPERATIONS = { 'TrentService.GetPublicKey': GetPublicKey$, 'TrentService.Sign': Sign$ } as const;
type Target = keyof typeof OPERATIONS;
const isTarget = (target: unknown): target is Target => typeof target === 'string' && Object.hasOwn(OPERATIONS, target);

/** @throws KmsFault where a request is not one of the model */
const heldRequest = (target: Target, ask: Record<string, unknown>): void => {
  try {
    holdToModel(OPERATIONS[target], ask);
  } catch {
    throw new KmsFault('SerializationException');
  }
  if (wordsProblem(ask) !== undefined) throw new KmsFault('ValidationException');
};

const signatureOf = (double: KmsDouble, ask: Record<string, unknown>, key: KeyObject): string => {
  const { Message, MessageType: type, SigningAlgorithm: algorithm } = ask;
  // KMS takes RAW for this algorithm and DIGEST for the prehashed one, and messages of 1 to 4,096 bytes.
  if (algorithm !== 'ED25519_SHA_512' || type !== 'RAW') throw new KmsFault('ValidationException');
  const message = Buffer.from(typeof Message === 'string' ? Message : '', 'base64');
  if (message.length === 0 || message.length > 4096) throw new KmsFault('ValidationException');
  double.signed.push(message.toString('utf8'));
  return sign(null, message, key).toString('base64');
};

/** Listens on a free port of the loopback interface. */
export const startKms = async (kind: 'ed25519' | 'ed448' = 'ed25519'): Promise<KmsDouble> => {
  const { privateKey, publicKey } = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448');
  const other = generateKeyPairSync('ed25519').privateKey;
  const signed = (ask: Record<string, unknown>): object => {
    const Signature = signatureOf(double, ask, double.lies ? other : privateKey);
    return { KeyId: KEY_ARN, Signature, SigningAlgorithm: ask['SigningAlgorithm'] };
  };
  const described = (): object => ({
    KeyId: KEY_ARN,
    KeySpec: 'ECC_NIST_EDWARDS25519',
    KeyUsage: 'SIGN_VERIFY',
    PublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    SigningAlgorithms: double.algorithms,
  });
  const answer = async (request: IncomingMessage): Promise<object> => {
    const ask = await bodyOf(request);
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) throw new KmsFault('MissingAuthentication');
    if (double.failure !== null) throw new KmsFault(double.failure);
    const target = request.headers['x-amz-target'];
    if (!isTarget(target)) throw new KmsFault('UnknownOperationException');
    heldRequest(target, ask);
    if (ask['KeyId'] !== KEY_ARN) throw new KmsFault('NotFoundException');
    const said = target === 'TrentService.Sign' ? signed(ask) : described();
    holdToModel(OPERATIONS[target], ask, said);
    const problem = wordsProblem(said);
    if (problem !== undefined) throw new Error(problem);
    return said;
  };
  const server = createServer((request, response) => {
    answer(request).then(
      (body) => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body)),
      (error: unknown) =>
        response
          .writeHead(400, { 'content-type': 'application/x-amz-json-1.1' })
          .end(JSON.stringify({ __type: error instanceof KmsFault ? error.message : 'KMSInternalException' })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const double: KmsDouble = {
    endpoint: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    publicKey,
    signed: [],
    failure: null,
    algorithms: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
    lies: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
};
