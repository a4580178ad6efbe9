/** `OktaGet` over `fetch`: no redirects, bounded time and size. */
import { reason } from '../../base/errors.js';
import type { OktaGet } from './okta.js';
import { IdentityError } from './source.js';

const TIMEOUT_MS = 60_000;
const MAX_BODY_BYTES = 16 * 1024 ** 2;

const bodyOf = async (response: Response): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    bytes += part.value.length;
    if (bytes > MAX_BODY_BYTES) {
      await reader?.cancel();
      throw new IdentityError(`an answer of more than ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks);
};

/** Asks with an API token (Okta: "SSWS"). */
export const oktaGet =
  (token: string): OktaGet =>
  async (url) => {
    try {
      const response = await fetch(url, {
        headers: { accept: 'application/json', authorization: `SSWS ${token}` },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const headers = Object.fromEntries(response.headers);
      return { status: response.status, headers, body: await bodyOf(response) };
    } catch (error) {
      if (error instanceof IdentityError) throw error;
      // What fetch says of a failed connection stands in its cause; neither holds headers.
      const why = error instanceof Error && error.cause !== undefined ? reason(error.cause) : reason(error);
      throw new IdentityError(`${new URL(url).host} could not be asked: ${why}`);
    }
  };
