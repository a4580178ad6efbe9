/**
 * A bucket with Object Lock in compliance mode as an anchor: one object per checkpoint, which nobody can change or
 * delete before its time. `If-None-Match: *` keeps a second history from taking the place of the first.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { awsFailure } from '../../base/aws-client.js';
import { type Clock, timestamp } from '../../base/clock.js';
import { NoteError, parseCheckpoint, parseNote } from '../../base/note.js';
import type { AnchorReceipt } from '../../model/anchor.js';
import { ledgerFolder } from '../format.js';
import { type Anchor, AnchorError, type AnchorHead, type Confirmed, type LatestAsk } from './anchor.js';

const MAX_OBJECT = 16_384;
const MAX_PAGES = 10_000;

export interface S3AnchorOptions {
  readonly name: string;
  readonly origin: string;
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly prefix: string;
  /** How long each object is locked, milliseconds. */
  readonly retention: number;
  readonly client: S3Client;
  readonly clock: Clock;
}

type S3 = typeof import('@aws-sdk/client-s3');

/** Precondition failed, or a racing request for the same key. */
const EXISTS = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

const failed = (error: unknown): AnchorError =>
  error instanceof AnchorError ? error : new AnchorError(`S3: ${awsFailure(error).problem}`);

const checkpointOf = (body: string, origin: string): Confirmed => {
  try {
    const checkpoint = parseCheckpoint(parseNote(body).text);
    if (checkpoint.origin === origin) return checkpoint;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
  }
  throw new AnchorError('S3: an object below the prefix is no checkpoint of this ledger');
};

class S3Anchor implements Anchor {
  readonly kind = 's3';
  readonly name: string;
  readonly locator: string;
  private readonly options: S3AnchorOptions;
  private readonly folder: string;

  constructor(options: S3AnchorOptions) {
    this.options = options;
    this.name = options.name;
    this.folder = `${options.prefix}${ledgerFolder(options.origin)}/`;
    this.locator = `s3://${options.bucket}/${this.folder}`;
  }

  async put(head: AnchorHead, signal: AbortSignal): Promise<AnchorReceipt> {
    const api = await import('@aws-sdk/client-s3');
    const { bucket, client, clock, retention } = this.options;
    const key = this.keyOf(head.size);
    const until = new Date(clock.now() + retention);
    const command = new api.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: Buffer.from(head.note),
      ContentType: 'text/plain; charset=utf-8',
      IfNoneMatch: '*',
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: until,
    });
    try {
      const { VersionId } = await client.send(command, { abortSignal: signal });
      return this.receipt(head, key, VersionId ?? null);
    } catch (error) {
      if (!EXISTS.has(awsFailure(error).name)) throw failed(error);
      return this.again(api, head, key, signal);
    }
  }

  /** The newest object below the prefix: their names sort by size. */
  async latest({ since }: LatestAsk, signal: AbortSignal): Promise<Confirmed | null> {
    const api = await import('@aws-sdk/client-s3');
    const after = since > 0 ? { StartAfter: this.keyOf(since - 1) } : {};
    const base = { Bucket: this.options.bucket, Prefix: this.folder, ...after };
    let last: string | undefined;
    let token: { ContinuationToken?: string } = {};
    try {
      for (let pages = 0; pages < MAX_PAGES; pages++) {
        const command = new api.ListObjectsV2Command({ ...base, ...token });
        const page = await this.options.client.send(command, { abortSignal: signal });
        last = page.Contents?.at(-1)?.Key ?? last;
        if (page.NextContinuationToken === undefined) break;
        token = { ContinuationToken: page.NextContinuationToken };
      }
      return last === undefined ? null : checkpointOf(await this.read(api, last, signal), this.options.origin);
    } catch (error) {
      throw failed(error);
    }
  }

  /** An answer may have been lost: where the object says the same, it stands. */
  private async again(api: S3, head: AnchorHead, key: string, signal: AbortSignal): Promise<AnchorReceipt> {
    let found: Confirmed;
    try {
      found = checkpointOf(await this.read(api, key, signal), head.origin);
    } catch (error) {
      throw failed(error);
    }
    if (found.size === head.size && found.root?.equals(head.root) === true) return this.receipt(head, key, null);
    throw new AnchorError(`another history of this ledger stands at ${key}`, found);
  }

  private async read(api: S3, key: string, signal: AbortSignal): Promise<string> {
    const command = new api.GetObjectCommand({
      Bucket: this.options.bucket,
      Key: key,
      Range: `bytes=0-${MAX_OBJECT - 1}`,
    });
    const { Body } = await this.options.client.send(command, { abortSignal: signal });
    return (await Body?.transformToString()) ?? '';
  }

  private receipt({ origin, size, root }: AnchorHead, key: string, version: string | null): AnchorReceipt {
    const { bucket, clock } = this.options;
    const locator = `s3://${bucket}/${key}`;
    // The bucket's own time is read by whoever verifies; this is the clock of the gateway.
    const facts = { v: 1, origin, size, root: root.toString('hex'), locator, at: timestamp(clock.now()) } as const;
    return { ...facts, kind: 's3', bucket, key, version };
  }

  private keyOf(size: number): string {
    return `${this.folder}${String(size).padStart(16, '0')}`;
  }
}

export const createS3Anchor = (options: S3AnchorOptions): Anchor => new S3Anchor(options);
