/** The columns of a part: what of a plain event the warehouse keeps, and the whole text of any other. */
import { hash } from 'node:crypto';
import { compactJson } from '../../base/json.js';
import { type FieldName, fieldNumber } from '../../base/trail-scan/fields.js';
import { KIND, type RecordScan } from '../../base/trail-scan/scan.js';
import { type Column, FixedColumn, MAX_ROWS, NumberColumn, PHYSICAL, PlainColumn } from './column.js';
import { DictionaryColumn } from './dictionary.js';

/** Columns whose values seldom come twice, with their fields. */
const SINGLE: readonly (readonly [name: string, field: FieldName])[] = [
  ['event_id', 'eventID'],
  ['request_id', 'requestID'],
  ['shared_event_id', 'sharedEventID'],
];

const REPEATED: readonly (readonly [name: string, field: FieldName])[] = [
  ['account_id', 'recipientAccountId'],
  ['event_source', 'eventSource'],
  ['event_name', 'eventName'],
  ['region', 'awsRegion'],
  ['source_ip', 'sourceIPAddress'],
  ['user_agent', 'userAgent'],
  ['error_code', 'errorCode'],
  ['identity_type', 'userIdentity.type'],
  ['arn', 'userIdentity.arn'],
  ['principal_id', 'userIdentity.principalId'],
  ['access_key_id', 'userIdentity.accessKeyId'],
  ['source_identity', 'userIdentity.sessionContext.sourceIdentity'],
  ['issuer_arn', 'userIdentity.sessionContext.sessionIssuer.arn'],
  ['invoked_by', 'userIdentity.invokedBy'],
  ['mfa', 'userIdentity.sessionContext.attributes.mfaAuthenticated'],
  ['category', 'eventCategory'],
  ['read_only', 'readOnly'],
  ['event_type', 'eventType'],
  ['event_version', 'eventVersion'],
  ['resource_arn', 'resources[0].ARN'],
];

/** Columns that are filled for events of one service alone. */
const OF_SERVICE: readonly (readonly [name: string, field: FieldName, source: string])[] = [
  ['assume_role_arn', 'requestParameters.roleArn', 'sts.amazonaws.com'],
  ['assume_session_name', 'requestParameters.roleSessionName', 'sts.amazonaws.com'],
  ['assume_source_identity', 'requestParameters.sourceIdentity', 'sts.amazonaws.com'],
  ['assume_key_id', 'responseElements.credentials.accessKeyId', 'sts.amazonaws.com'],
  ['function_name', 'requestParameters.functionName', 'lambda.amazonaws.com'],
  ['build_id', 'responseElements.build.id', 'codebuild.amazonaws.com'],
];

const SOURCE = fieldNumber('eventSource');
const READ_ONLY = fieldNumber('readOnly');
const PARAMETERS = fieldNumber('requestParameters');
const DIGEST_BYTES = 32;
/** Bytes of values from which on a row group is written. */
const MAX_HELD = 24 * 1024 ** 2;

interface Filled {
  readonly field: number;
  readonly column: PlainColumn | DictionaryColumn;
  /** The service whose events fill it; null: every event. */
  readonly source: Buffer | null;
}

const filled = (): readonly Filled[] => [
  ...SINGLE.map(([name, field]) => ({ field: fieldNumber(field), column: new PlainColumn(name), source: null })),
  ...REPEATED.map(([name, field]) => ({ field: fieldNumber(field), column: new DictionaryColumn(name), source: null })),
  ...OF_SERVICE.map(([name, field, source]) => ({
    field: fieldNumber(field),
    column: new DictionaryColumn(name),
    source: Buffer.from(source),
  })),
];

const unescaped = (text: string): Buffer => {
  const value: unknown = JSON.parse(`"${text}"`);
  return Buffer.from(typeof value === 'string' ? value : '');
};

/** Rows in the making. A row is plain, with its values, or has its record's text alone. */
export class EventColumns {
  private readonly file = new DictionaryColumn('file');
  private readonly index = new NumberColumn('idx', PHYSICAL.int32);
  private readonly time = new NumberColumn('event_time', PHYSICAL.int64);
  private readonly content = new FixedColumn('content', DIGEST_BYTES);
  private readonly parameters = new PlainColumn('request_parameters', true);
  private readonly record = new PlainColumn('record', true);
  private readonly filled = filled();
  private readonly digest = Buffer.alloc(DIGEST_BYTES);
  private readonly nothing = Buffer.alloc(DIGEST_BYTES);
  private count = 0;

  /** In the order of the file. */
  get columns(): readonly Column[] {
    const { file, index, time, content, parameters, record } = this;
    return [file, index, time, content, parameters, record, ...this.filled.map(({ column }) => column)];
  }

  get rows(): number {
    return this.count;
  }

  /** Whether a row group should be written before the next row. */
  get full(): boolean {
    if (this.count >= MAX_ROWS) return true;
    return this.count % 1024 === 1023 && this.held() > MAX_HELD;
  }

  private held(): number {
    return this.filled.reduce((sum, { column }) => sum + column.held, this.parameters.held + this.record.held);
  }

  /** Forgets the rows, which were written. */
  clear(): void {
    this.count = 0;
  }

  /**
   * Adds the event under visit.
   * @param file hash of the raw object
   * @param time milliseconds since 1970
   */
  plain(file: Buffer, index: number, time: number, scan: RecordScan, start: number, end: number): void {
    if (!this.isFlat(scan)) return this.other(file, index, scan.bytes.subarray(start, end));
    this.head(file, index, time);
    this.record.putNull();
    const text = scan.bytes.subarray(start, end);
    this.digest.write(hash('sha256', scan.spaced ? compactJson(text) : text, 'binary'), 'latin1');
    this.content.put(this.digest);
    this.putParameters(scan);
    for (const { field, column, source } of this.filled) {
      if (source !== null && !scan.is(SOURCE, source)) column.putNull();
      else this.put(scan, field, column);
    }
  }

  /** Adds a record as its text, from which DuckDB takes the values. */
  other(file: Buffer, index: number, bytes: Uint8Array): void {
    this.head(file, index, 0);
    this.content.put(this.nothing);
    this.parameters.putNull();
    for (const { column } of this.filled) column.putNull();
    const text = compactJson(bytes);
    this.record.put(text, 0, text.length);
  }

  private head(file: Buffer, index: number, time: number): void {
    this.file.put(file, 0, file.length);
    this.index.put(index);
    this.time.put(time * 1000);
    this.count++;
  }

  /** Whether each value is one that its column holds as it stands. */
  private isFlat(scan: RecordScan): boolean {
    const { kinds } = scan;
    const readOnly = kinds[READ_ONLY];
    if (readOnly !== KIND.literal && readOnly !== KIND.absent && readOnly !== KIND.nothing) return false;
    for (const { field, source } of this.filled) {
      if (kinds[field] === KIND.container && (source === null || scan.is(SOURCE, source))) return false;
    }
    return true;
  }

  private put(scan: RecordScan, field: number, column: PlainColumn | DictionaryColumn): void {
    const kind = scan.kinds[field];
    if (kind === KIND.absent || kind === KIND.nothing) return column.putNull();
    if (kind !== KIND.escaped) return column.put(scan.bytes, scan.starts[field] ?? 0, scan.ends[field] ?? 0);
    const text = unescaped(scan.text(field));
    column.put(text, 0, text.length);
  }

  private putParameters(scan: RecordScan): void {
    const kind = scan.kinds[PARAMETERS];
    if (kind === KIND.absent) return this.parameters.putNull();
    const quote = kind === KIND.text || kind === KIND.escaped ? 1 : 0;
    const [start, end] = [(scan.starts[PARAMETERS] ?? 0) - quote, (scan.ends[PARAMETERS] ?? 0) + quote];
    if (!scan.spaced) return this.parameters.put(scan.bytes, start, end);
    const text = compactJson(scan.bytes.subarray(start, end));
    this.parameters.put(text, 0, text.length);
  }
}
