/** A time stamp authority (RFC 3161) as an anchor: it confirms that a checkpoint existed by a time. */
import { createHash, randomBytes } from 'node:crypto';
import { timestamp } from '../../base/clock.js';
import { DerError } from '../../base/der.js';
import { checkpointText } from '../../base/note.js';
import { MAX_TOKEN, readTimestamp, timestampRequest, tokenOfResponse } from '../../base/timestamp.js';
import type { AnchorReceipt } from '../../model/anchor.js';
import { type Anchor, AnchorError, type AnchorHead } from './anchor.js';
import { type Fetch, post } from './request.js';

/** Eight bytes that are a positive INTEGER in its shortest form. */
const freshNonce = (): Buffer => {
  const nonce = randomBytes(8);
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40;
  return nonce;
};

const tokenFor = (response: Buffer, imprint: Buffer, nonce: Buffer): { token: Buffer; time: number } => {
  try {
    const token = tokenOfResponse(response);
    const info = readTimestamp(token);
    if (!info.imprint.equals(imprint)) throw new DerError('stamps something else');
    if (info.nonce?.equals(nonce) !== true) throw new DerError('is not the answer to this request');
    return { token, time: info.time };
  } catch (error) {
    if (error instanceof DerError) throw new AnchorError(`the time stamp ${error.message}`);
    throw error;
  }
};

export interface TimestampOptions {
  readonly name: string;
  readonly url: string;
  readonly fetch: Fetch;
}

/** Who signs is for the verifier to judge, under the certificates of its trust file. */
export const createTimestampAnchor = ({ name, url, fetch }: TimestampOptions): Anchor => {
  const put = async (head: AnchorHead, signal: AbortSignal): Promise<AnchorReceipt> => {
    const { origin, size, root } = head;
    const imprint = createHash('sha256').update(checkpointText(head)).digest();
    const nonce = freshNonce();
    const body = timestampRequest(imprint, nonce);
    const ask = { type: 'application/timestamp-query', body, maxBytes: MAX_TOKEN, signal };
    const answer = await post(fetch, url, ask);
    if (answer.status !== 200) throw new AnchorError(`answered with status ${answer.status}`);
    const { token, time } = tokenFor(answer.body, imprint, nonce);
    const facts = { v: 1, origin, size, root: root.toString('hex'), locator: url, at: timestamp(time) } as const;
    return { ...facts, kind: 'timestamp', token: token.toString('base64') };
  };
  return { name, kind: 'timestamp', locator: url, put, latest: async () => null };
};
