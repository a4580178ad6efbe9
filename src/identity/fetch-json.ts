/** Bounded reading of a JSON document of an identity provider. */
import { reason } from '../base/errors.js';
import { JsonError, type JsonValue, parseJson, toValue } from '../base/json.js';

export type Fetch = typeof globalThis.fetch;

/** Longest wait for one document, milliseconds, from the first byte sent to the last byte read. */
const TIMEOUT = 2_000;
/** Largest document, bytes. */
const MAX_BYTES = 1024 ** 2;

export type Fetched =
  | { readonly ok: true; readonly value: JsonValue }
  /** `answered`: the server is there but did not give the document, so another address may. */
  | { readonly ok: false; readonly answered: boolean; readonly problem: string; readonly status?: number };

/** Reads a document over HTTP. A redirect is a refusal: the address of keys is never another's choice. */
export const fetchJson = async (
  fetch: Fetch,
  url: string,
  closed: AbortSignal,
  init: Pick<RequestInit, 'method' | 'body'> & { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Fetched> => {
  try {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'application/json, application/jwk-set+json', ...init.headers },
      signal: AbortSignal.any([closed, AbortSignal.timeout(TIMEOUT)]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      const { status } = response;
      return { ok: false, answered: true, status, problem: `${url} answered with status ${status}` };
    }
    const bytes = await readBounded(response);
    if (!bytes) return { ok: false, answered: true, problem: `${url} is larger than ${MAX_BYTES} bytes` };
    return { ok: true, value: toValue(parseJson(bytes)) };
  } catch (error) {
    const answered = error instanceof JsonError;
    return { ok: false, answered, problem: `${url} cannot be read: ${reason(error)}` };
  }
};

const readBounded = async (response: Response): Promise<Buffer | undefined> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
