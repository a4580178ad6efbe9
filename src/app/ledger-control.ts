/**
 * How commands ask a running gateway for what only the writer of the ledger can do: HTTP over a socket in the folder of
 * the ledger, which its owner alone may enter. Whoever can reach it can write the files of the ledger as well.
 */
import { chmod, type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { isSystemError } from '../base/durable.js';
import { CountersignError, ERRORS, type ErrorCode, type ErrorDetails, reason } from '../base/errors.js';
import { type JsonValue, parseJson, toValue } from '../base/json.js';
import { isJsonObject } from '../ledger/format.js';

/** What can be asked for, by name. What is thrown is thrown to whoever asked. */
export type ControlActions = Readonly<Record<string, (ask: JsonValue) => Promise<JsonValue>>>;

/** Bytes of a question, and of an answer: the list of an erasure is the longest. */
const MAX_BYTES = 2 * 1024 * 1024;
/** An action may wait for services outside, one after the other. */
const TIMEOUT_MS = 600_000;
/** Bytes of a socket's path, by Linux; macOS allows 103. */
const MAX_PATH = 103;

interface Place {
  readonly path: string;
  release(): Promise<void>;
}

/** A path that the system takes: a long one is entered by the descriptor of its folder. */
const placeOf = async (dir: string): Promise<Place> => {
  const path = join(dir, 'control');
  if (Buffer.byteLength(path) <= MAX_PATH) return { path, release: async () => {} };
  const folder: FileHandle = await open(dir, 'r');
  return { path: `/proc/self/fd/${folder.fd}/control`, release: () => folder.close() };
};

const readAll = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BYTES) throw new RangeError(`more than ${MAX_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
};

const perform = async (actions: ControlActions, message: IncomingMessage): Promise<JsonValue> => {
  const name = (message.url ?? '').slice(1);
  const action = message.method === 'POST' && Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new CountersignError('USAGE', { problem: 'the running gateway does not know this command' });
  return action(toValue(parseJson(await readAll(message))));
};

const failureOf = (error: unknown): JsonValue =>
  error instanceof CountersignError
    ? { code: error.code, details: { ...error.details } }
    : { code: 'CONTROL_FAILED', details: { problem: reason(error) } };

const answer = async (actions: ControlActions, message: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await perform(actions, message).then(
    (value): JsonValue => ({ value }),
    (error: unknown): JsonValue => ({ error: failureOf(error) }),
  );
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });

/** A socket that a process left which was killed. Whoever holds the lock of the ledger may remove it. */
const removeStale = async (path: string): Promise<void> => {
  const facts = await lstat(path).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (facts?.isSocket()) await unlink(path);
};

/** An open control socket. */
export interface Control {
  /** Takes no more questions; those under way are cut off. */
  close(): Promise<void>;
}

/**
 * Serves these actions while the ledger in `dir` is held by this process.
 * @throws CountersignError CONTROL_FAILED where the socket cannot be made
 */
export const serveControl = async (dir: string, actions: ControlActions): Promise<Control> => {
  const server = createServer({ maxHeaderSize: 8_192, requestTimeout: 30_000 }, (message, response) => {
    // Where the answer cannot be sent, whoever asked is gone.
    answer(actions, message, response).catch(() => response.destroy());
  });
  server.maxConnections = 16;
  const place = await placeOf(dir);
  try {
    await removeStale(place.path);
    await listen(server, place.path);
    await chmod(place.path, 0o600);
  } catch (error) {
    server.close();
    await place.release();
    throw new CountersignError('CONTROL_FAILED', { problem: reason(error) }, { cause: error });
  }
  return {
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await place.release();
    },
  };
};

const send = (path: string, action: string, ask: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath: path, path: `/${action}`, method: 'POST', timeout: TIMEOUT_MS }, (response) => {
      readAll(response).then(resolve, reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on('error', reject);
    sent.end(ask);
  });

const isCode = (code: JsonValue | undefined): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERRORS, code);

const detailsOf = (value: JsonValue | undefined): ErrorDetails =>
  Object.fromEntries(
    Object.entries(isJsonObject(value) ? value : {}).flatMap(([name, detail]) =>
      typeof detail === 'string' || typeof detail === 'number' ? [[name, detail] as const] : [],
    ),
  );

const valueOf = (bytes: Buffer): JsonValue => {
  const answered = toValue(parseJson(bytes));
  if (!isJsonObject(answered)) throw new CountersignError('CONTROL_FAILED', { problem: 'the answer is no object' });
  const { error, value = null } = answered;
  if (error === undefined) return value;
  const { code, details } = isJsonObject(error) ? error : {};
  throw new CountersignError(isCode(code) ? code : 'CONTROL_FAILED', detailsOf(details));
};

/**
 * Asks the gateway that writes the ledger in `dir`.
 * @returns undefined where no process listens: then the caller may take the lock itself
 * @throws CountersignError what the action threw; CONTROL_FAILED where the answer does not come
 */
export const askControl = async (dir: string, action: string, ask: JsonValue): Promise<JsonValue | undefined> => {
  const text = JSON.stringify(ask);
  if (Buffer.byteLength(text) > MAX_BYTES) throw new CountersignError('CONTROL_FAILED', { problem: 'it is too long' });
  let place: Place | null = null;
  try {
    place = await placeOf(dir);
    return valueOf(await send(place.path, action, text));
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].some((code) => isSystemError(error, code))) return undefined;
    throw new CountersignError('CONTROL_FAILED', { problem: reason(error) }, { cause: error });
  } finally {
    await place?.release();
  }
};
