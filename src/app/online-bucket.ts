/** Buckets of anchors, read with the credentials of whoever verifies: the SDK's default chain. */
import { awsFailure, openS3Client } from '../base/aws-client.js';
import {
  type BucketVersion,
  type LockedObject,
  type OnlineBucket,
  OnlineError,
  type OpenBucket,
} from '../verify/online.js';

const MAX_OBJECT = 16_384;

const failed = (error: unknown): OnlineError => new OnlineError(`cannot be read: ${awsFailure(error).problem}`);

interface Listed {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly LastModified?: Date | undefined;
}

const versionOf = ({ Key, VersionId, LastModified }: Listed, deleted: boolean): BucketVersion => ({
  key: Key ?? '',
  version: VersionId ?? null,
  stored: LastModified?.getTime() ?? 0,
  deleted,
});

/** @param environment of this process; the SDK reads it, and its advice on Node versions is switched off there */
const openOnlineBucket =
  (environment: Record<string, string | undefined>): OpenBucket =>
  async ({ bucket: Bucket, region, endpoint }): Promise<OnlineBucket> => {
    const own = { profile: null, roleArn: null, externalId: null, session: 'countersign-verify' };
    const client = await openS3Client({ region, endpoint, ...own }, environment);
    const api = await import('@aws-sdk/client-s3');
    async function* list(Prefix: string): AsyncGenerator<BucketVersion> {
      let at: { KeyMarker?: string; VersionIdMarker?: string } = {};
      for (;;) {
        const page = await client
          .send(new api.ListObjectVersionsCommand({ Bucket, Prefix, ...at }))
          .catch((error: unknown) => {
            throw failed(error);
          });
        for (const item of page.Versions ?? []) yield versionOf(item, false);
        for (const item of page.DeleteMarkers ?? []) yield versionOf(item, true);
        const { IsTruncated, NextKeyMarker: KeyMarker, NextVersionIdMarker: next } = page;
        if (IsTruncated !== true || KeyMarker === undefined) return;
        at = { KeyMarker, ...(next === undefined ? {} : { VersionIdMarker: next }) };
      }
    }
    const get = async ({ key: Key, version }: BucketVersion): Promise<LockedObject> => {
      const which = version === null ? {} : { VersionId: version };
      try {
        const answer = await client.send(new api.GetObjectCommand({ Bucket, Key, ...which }));
        if ((answer.ContentLength ?? 0) > MAX_OBJECT) throw new OnlineError('is longer than a checkpoint');
        const bytes = await answer.Body?.transformToByteArray();
        return { body: Buffer.from(bytes ?? []), mode: answer.ObjectLockMode ?? null };
      } catch (error) {
        throw error instanceof OnlineError ? error : failed(error);
      }
    };
    return { list, get };
  };

/** Buckets read with the credentials of this process. */
export const onlineBuckets = (): OpenBucket => openOnlineBucket(process.env);
