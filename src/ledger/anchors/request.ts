/** One bounded request to a service that anchors. */
import { reason } from '../../base/errors.js';
import { AnchorError } from './anchor.js';

export type Fetch = typeof globalThis.fetch;

export interface AnchorAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** Longest wait for one answer, milliseconds. */
const TIMEOUT = 15_000;

const readBody = async (response: Response, maxBytes: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new AnchorError(`answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/**
 * POSTs a body and reads the whole answer, whatever its status. Redirects are not followed.
 * @throws AnchorError where there is no answer, or one over `maxBytes`
 */
export const post = async (
  fetch: Fetch,
  url: string,
  ask: { readonly type: string; readonly body: Buffer; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<AnchorAnswer> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': ask.type },
      body: new Uint8Array(ask.body),
      signal: AbortSignal.any([ask.signal, AbortSignal.timeout(TIMEOUT)]),
    });
    const body = await readBody(response, ask.maxBytes);
    return { status: response.status, type: response.headers.get('content-type') ?? '', body };
  } catch (error) {
    if (error instanceof AnchorError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new AnchorError(`gave no answer: ${reason(cause)}`);
  }
};
