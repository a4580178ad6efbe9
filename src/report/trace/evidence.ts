/** Events, records, configurations and objects of the trail as traces need them. */
import { numberOf, type Reader, type Row, textOf } from '../rows.js';
import { ask, flag, IDS, MAX_SHOWN, maybe, NUMBERS } from './query.js';

export interface EventRow {
  readonly id: string;
  readonly account: string;
  readonly t: string;
  readonly source: string;
  readonly name: string;
  readonly region: string | null;
  readonly error: string | null;
  readonly arn: string | null;
  readonly file: string;
  readonly index: number;
  readonly kind: string | null;
  readonly tier: string | null;
  readonly basis: string | null;
  readonly call: string | null;
  readonly session: string | null;
  readonly personOk: boolean | null;
  /** What the digests say of its file, as `ct_log_integrity` has it. */
  readonly integrity: string | null;
}

const EVENT = `SELECT e.event_id, e.account_id, e.event_time, e.event_source, e.event_name, e.region, e.error_code, e.arn, e.file,
  e.idx, m.kind, m.tier, m.basis, m.call_id, m.session_id, m.person_ok, i.state
FROM ct_event AS e LEFT JOIN event_match AS m USING (event_id, account_id)
  LEFT JOIN (SELECT sha256, min(state) AS state FROM ct_log_integrity GROUP BY sha256) AS i ON i.sha256 = e.file`;

const eventOf = (row: Row): EventRow => ({
  id: textOf(row.event_id),
  account: textOf(row.account_id),
  t: textOf(row.event_time),
  source: textOf(row.event_source),
  name: textOf(row.event_name),
  region: maybe(row.region),
  error: maybe(row.error_code),
  arn: maybe(row.arn),
  file: textOf(row.file),
  index: numberOf(row.idx),
  kind: maybe(row.kind),
  tier: maybe(row.tier),
  basis: maybe(row.basis),
  call: maybe(row.call_id),
  session: maybe(row.session_id),
  personOk: flag(row.person_ok),
  integrity: maybe(row.state),
});

export const eventsById = (reader: Reader, ids: Iterable<string>): Promise<readonly EventRow[]> =>
  ask(reader, `${EVENT} WHERE e.event_id IN ${IDS} ORDER BY e.event_time, e.event_id, e.account_id`, ids, eventOf);

/** At most one more than is shown of each call. */
export const eventsByCall = (reader: Reader, ids: Iterable<string>): Promise<readonly EventRow[]> =>
  ask(
    reader,
    `${EVENT} WHERE m.call_id IN ${IDS}
     QUALIFY row_number() OVER (PARTITION BY m.call_id ORDER BY e.event_time, e.event_id) <= ${MAX_SHOWN + 1}
     ORDER BY e.event_time, e.event_id, e.account_id`,
    ids,
    eventOf,
  );

export interface RecordRow {
  readonly seq: number;
  readonly t: string;
  readonly type: string;
  /** Hex. */
  readonly leaf: string;
  /** JSON text. */
  readonly d: string;
}

const RECORD = 'SELECT seq, t, type, leaf, d FROM record';
const recordOf = (row: Row): RecordRow => ({
  seq: numberOf(row.seq),
  t: textOf(row.t),
  type: textOf(row.type),
  leaf: textOf(row.leaf),
  d: textOf(row.d),
});

export const recordsByNumber = (reader: Reader, seqs: Iterable<number>): Promise<readonly RecordRow[]> =>
  ask(reader, `${RECORD} WHERE seq IN ${NUMBERS} ORDER BY seq`, seqs, recordOf);

export const recordsOfApprovals = (reader: Reader, ids: Iterable<string>): Promise<readonly RecordRow[]> =>
  ask(
    reader,
    `${RECORD} WHERE type = 'approval' AND json_extract_string(d, '$.approval') IN ${IDS} ORDER BY seq`,
    ids,
    recordOf,
  );

/** The records that say that these sessions began. */
export const recordsOfSessions = (reader: Reader, ids: Iterable<string>): Promise<readonly RecordRow[]> =>
  ask(
    reader,
    `${RECORD} WHERE type = 'session' AND json_extract_string(d, '$.event') = 'opened'
       AND json_extract_string(d, '$.session') IN ${IDS} ORDER BY seq`,
    ids,
    recordOf,
  );

export interface ConfigRow {
  readonly digest: string;
  readonly seq: number;
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly reviews: readonly { readonly author: string; readonly reviewer: string; readonly t: string }[];
}

/** The first load of each configuration, and the reviews that the register of changes holds of it. */
export const configsByDigest = async (reader: Reader, ids: readonly string[]): Promise<readonly ConfigRow[]> => {
  const reviews = await ask(
    reader,
    `SELECT digest, author, reviewer, reviewed_t FROM change_review WHERE digest IN ${IDS}
     ORDER BY reviewed_t, reviewer, author`,
    ids,
    (row) => ({
      digest: textOf(row.digest),
      author: textOf(row.author),
      reviewer: textOf(row.reviewer),
      t: textOf(row.reviewed_t),
    }),
  );
  return ask(
    reader,
    `SELECT digest, seq, git_commit, git_dirty FROM config_load WHERE outcome = 'loaded' AND digest IN ${IDS}
     QUALIFY row_number() OVER (PARTITION BY digest ORDER BY seq) = 1 ORDER BY seq`,
    ids,
    (row) => ({
      digest: textOf(row.digest),
      seq: numberOf(row.seq),
      commit: maybe(row.git_commit),
      dirty: flag(row.git_dirty),
      reviews: reviews.filter(({ digest }) => digest === row.digest),
    }),
  );
};

export interface FileRow {
  readonly key: string;
  readonly sha256: string;
  readonly kind: string;
  readonly bytes: number;
  readonly events: number;
  readonly integrity: string | null;
  readonly digestKey: string | null;
  readonly signature: string | null;
}

/** Objects of the trail by their keys. */
export const filesByKey = (reader: Reader, ids: Iterable<string>): Promise<readonly FileRow[]> =>
  ask(
    reader,
    `SELECT f.key, f.sha256, f.kind, f.bytes, f.out, i.state, i.digest_key, d.signature FROM ct_file AS f
       LEFT JOIN ct_log_integrity AS i ON i.sha256 = f.sha256 LEFT JOIN ct_digest AS d ON d.key = coalesce(i.digest_key, f.key)
     WHERE f.key IN ${IDS} QUALIFY row_number() OVER (PARTITION BY f.key ORDER BY i.digest_key NULLS LAST) = 1 ORDER BY f.key`,
    ids,
    (row) => ({
      key: textOf(row.key),
      sha256: textOf(row.sha256),
      kind: textOf(row.kind),
      bytes: numberOf(row.bytes),
      events: numberOf(row.out),
      integrity: maybe(row.state),
      digestKey: maybe(row.digest_key),
      signature: maybe(row.signature),
    }),
  );
