import type { IncomingMessage } from 'node:http';
import { Refusal } from './refuse.js';

const BODY_TIMEOUT_MS = 30_000;

/**
 * Reads a request body, bounded in size and time.
 * @throws Refusal too_large, slow_body
 */
export const readBody = (request: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return Promise.reject(new Refusal('too_large'));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => fail(new Refusal('slow_body')), BODY_TIMEOUT_MS);
    const fail = (refusal: Refusal): void => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      request.pause();
      reject(refusal);
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) return fail(new Refusal('too_large'));
      chunks.push(chunk);
    });
    request.once('end', () => {
      clearTimeout(timer);
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    request.once('error', () => fail(new Refusal('slow_body')));
    request.once('aborted', () => fail(new Refusal('slow_body')));
  });
};
