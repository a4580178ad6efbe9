/** Says what one delivered file is and counts its records. Pure. */
import { GzipError, gunzipSingle } from '../../base/gzip.js';
import { at, isArray, JsonError, parseJson, toValue } from '../../base/json.js';
import { parseTrailDigest, TrailDigestError } from '../../base/trail-digest.js';
import { parseTrailKeys } from '../../base/trail-keys.js';
import { isApart, TrailLogError, trailKindOfKey } from '../../base/trail-log.js';
import { fieldNumber } from '../../base/trail-scan/fields.js';
import { scanTrailLog } from '../../base/trail-scan/log.js';
import { RecordScan } from '../../base/trail-scan/scan.js';
import type { RawObject } from '../../model/evidence.js';

/** Largest unpacked file: seven times the 50 MB that AWS delivers at most. */
const MAX_INFLATED_BYTES = 400 * 1024 ** 2;

/** Used again for each file: its memory is that of the largest. */
const scan = new RecordScan();
const ID = fieldNumber('eventID');
const ACCOUNT = fieldNumber('recipientAccountId');

export type FileKind = 'log' | 'lookup' | 'digest' | 'public_keys' | 'signature' | 'insight' | 'network' | 'other';

export interface Inspection {
  readonly kind: FileKind;
  readonly rowsRead: number;
  readonly out: number;
  readonly rejected: number;
  /** The same record twice in this file. Copies across files show when the warehouse is built. */
  readonly duplicate: number;
  readonly excluded: number;
  /** Why the file, or part of it, was not taken. */
  readonly reason: string | null;
  /** False where nothing of the file could be taken. */
  readonly readable: boolean;
}

const NOTHING = { rowsRead: 0, out: 0, rejected: 0, duplicate: 0, excluded: 0 } as const;

const whole = (kind: FileKind): Inspection => ({ ...NOTHING, kind, reason: null, readable: true });
const bad = (kind: FileKind, problem: string): Inspection => ({ ...NOTHING, kind, reason: problem, readable: false });

const inspectLog = (inflated: Buffer, kind: 'log' | 'lookup' | 'insight' | 'network'): Inspection => {
  const counts = { rowsRead: 0, out: 0, rejected: 0, duplicate: 0, excluded: 0 };
  const seen = new Set<string>();
  let first: string | null = null;
  const take = (account: string, id: string, apart: boolean): void => {
    const name = `${account} ${id}`;
    if (apart || kind === 'insight' || kind === 'network') counts.excluded++;
    else if (seen.has(name)) counts.duplicate++;
    else {
      seen.add(name);
      counts.out++;
    }
  };
  scanTrailLog(inflated, scan, {
    plain: (_index, _time, apart) => {
      counts.rowsRead++;
      take(scan.text(ACCOUNT), scan.text(ID), apart);
    },
    other: (_index, record) => {
      counts.rowsRead++;
      if (record.ok) return take(record.account, record.id, isApart(record.category));
      counts.rejected++;
      first ??= `record ${counts.rowsRead}: ${record.problem}`;
    },
  });
  return { ...counts, kind, reason: first, readable: true };
};

/** What a JSON object is by its members: a digest among the logs is what it is, not a log without records. */
const kindOfObject = (inflated: Buffer): 'digest' | 'public_keys' | null => {
  const head = inflated.toString('latin1', 0, 64).trimStart();
  if (!head.startsWith('{') || /^\{\s*"Records"/.test(head)) return null;
  if (inflated.includes('"digestS3Object"')) return 'digest';
  return inflated.includes('"PublicKeyList"') ? 'public_keys' : null;
};

const inspectInflated = (key: string, inflated: Buffer): Inspection => {
  const kind = kindOfObject(inflated) ?? trailKindOfKey(key) ?? 'log';
  if (kind === 'digest') parseTrailDigest(inflated);
  else if (kind === 'public_keys') parseTrailKeys(inflated);
  else return inspectLog(inflated, kind);
  return whole(kind);
};

/**
 * Inspects the bytes of a `.json` or `.json.gz` file as delivered. The very bytes that are hashed are parsed:
 * one gzip member, no trailing bytes.
 */
export const inspectFile = (key: string, bytes: Buffer): Inspection => {
  const kind = trailKindOfKey(key) ?? 'other';
  try {
    const inflated = key.endsWith('.gz') ? gunzipSingle(bytes, MAX_INFLATED_BYTES) : bytes;
    return inspectInflated(key, inflated);
  } catch (error) {
    const known =
      error instanceof GzipError ||
      error instanceof TrailLogError ||
      error instanceof TrailDigestError ||
      error instanceof JsonError;
    if (known) return bad(kind, error.message);
    throw error;
  }
};

const RAW_KIND: Readonly<Partial<Record<FileKind, RawObject['kind']>>> = {
  log: 'cloudtrail-log',
  lookup: 'cloudtrail-log',
  insight: 'cloudtrail-log',
  network: 'cloudtrail-log',
  digest: 'cloudtrail-digest',
  public_keys: 'cloudtrail-public-keys',
};

/** A damaged file that AWS's name says is a log or digest is evidence; anything else is not ours to keep. */
export const rawKindOf = (key: string, { readable, kind }: Inspection): RawObject['kind'] | undefined =>
  readable ? RAW_KIND[kind] : RAW_KIND[trailKindOfKey(key) ?? 'other'];

/** The signature in a sidecar `<digest file>.head.json`: the output of `aws s3api head-object`; undefined where there is none. */
export const signatureOfHead = (bytes: Buffer): string | undefined => {
  const metadata = toValue(at(parseJson(bytes), 'Metadata') ?? { kind: 'literal', start: 0, end: 0, value: null });
  if (typeof metadata !== 'object' || metadata === null || isArray(metadata)) return undefined;
  // S3 gives metadata names in lower case; other clients keep them as sent.
  for (const [name, value] of Object.entries(metadata)) {
    if (name.toLowerCase() === 'signature' && typeof value === 'string' && /^[0-9a-f]{2,4096}$/.test(value))
      return value;
  }
  return undefined;
};
