/**
 * A bucket: each batch becomes an object of lines, compressed, named by the day and the numbers of its first and last
 * record. A batch that is tried again takes the place of itself; after a restart records may stand in two objects.
 */
import { gzipSync } from 'node:zlib';
import type { S3Client } from '@aws-sdk/client-s3';
import { awsFailure } from '../../base/aws-client.js';
import type { ExportEvent } from '../record.js';
import type { Sink } from './sink.js';

/** A batch waits so long for company, milliseconds: objects of a moment each would be many and small. */
const GATHER_MS = 60_000;
const TIMEOUT_MS = 60_000;

export interface S3SinkOptions {
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly prefix: string;
  /** Name of the ledger; its objects lie below it. */
  readonly origin: string;
  readonly client: S3Client;
}

/** Sixteen digits: names sort as numbers do. */
const number = (seq: number): string => String(seq).padStart(16, '0');

/** Where the object of a batch lies. */
const objectKey = ({ prefix, origin }: Pick<S3SinkOptions, 'prefix' | 'origin'>, batch: readonly ExportEvent[]) => {
  const [first, last] = [batch[0], batch.at(-1)];
  const day = (first?.t ?? '').slice(0, 10).replaceAll('-', '/');
  return `${prefix}${origin}/${day}/${number(first?.seq ?? 0)}-${number(last?.seq ?? 0)}.ndjson.gz`;
};

export const createS3Sink = (options: S3SinkOptions): Sink => ({
  gather: GATHER_MS,
  async send(events) {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    const { bucket, client } = options;
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: objectKey(options, events),
      Body: gzipSync(events.map(({ body }) => `${body}\n`).join('')),
      ContentType: 'application/x-ndjson',
      ContentEncoding: 'gzip',
    });
    try {
      await client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      // Whatever the bucket says may be mended by its owner: nothing is given up.
      throw new Error(`S3: ${awsFailure(error).problem}`, { cause: error });
    }
  },
  close: () => {
    options.client.destroy();
    return Promise.resolve();
  },
});
