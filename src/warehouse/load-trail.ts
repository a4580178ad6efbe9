/** Collected CloudTrail files into the warehouse. */
import { CountersignError } from '../base/errors.js';
import { checkTrail, type DigestInput, type TrailCheck } from '../base/trail-chain.js';
import type { LogInput } from '../base/trail-coverage.js';
import { type TrailFinding, trailFindings } from '../base/trail-findings.js';
import { parseTrailKeys, type TrailKey } from '../base/trail-keys.js';
import type { RawObject } from '../model/evidence.js';
import { trailContext } from '../model/raw-index.js';
import type { Window } from './events.js';
import { type FileRow, loadEvents } from './load-events.js';
import type { Builder } from './open.js';
import type { RawEvidence } from './raw.js';
import { trailOddities } from './trail-oddities.js';

export interface LoadedTrail {
  readonly files: readonly FileRow[];
  readonly check: TrailCheck;
  readonly findings: readonly TrailFinding[];
}

const otherRow = (object: RawObject, kind: string, reason: string | null): FileRow => ({
  key: object.key,
  sha256: object.sha256,
  bytes: object.bytes,
  kind,
  rowsRead: 0,
  out: 0,
  rejected: 0,
  duplicate: 0,
  excluded: 0,
  reason,
});

const readDigests = async (raw: RawEvidence): Promise<readonly DigestInput[]> => {
  const digests: DigestInput[] = [];
  for (const object of raw.objects) {
    if (object.kind !== 'cloudtrail-digest') continue;
    digests.push({
      key: object.key,
      sha256: object.sha256,
      bytes: await raw.read(object),
      signature: object.signature,
      backfill: object.delivery?.backfill ?? null,
    });
  }
  return digests;
};

const readKeys = async (raw: RawEvidence): Promise<readonly TrailKey[]> => {
  const keys: TrailKey[] = [];
  for (const object of raw.objects) {
    if (object.kind === 'cloudtrail-public-keys') keys.push(...parseTrailKeys(await raw.read(object)));
  }
  return keys;
};

const appendFiles = async (builder: Builder, rows: readonly FileRow[]): Promise<void> => {
  const to = await builder.appender('ct_file');
  for (const r of rows) {
    if (r.rowsRead !== r.out + r.rejected + r.duplicate + r.excluded) {
      throw new CountersignError('COUNTS_DIFFER', { what: r.key, problem: `${r.rowsRead} rows read` });
    }
    to.add([r.key, r.sha256, r.bytes, r.kind, r.rowsRead, r.out, r.rejected, r.duplicate, r.excluded, r.reason]);
  }
  to.close();
};

const ms = (text: string | null): number | null => (text === null ? null : Date.parse(text));

const appendCheck = async (builder: Builder, check: TrailCheck): Promise<void> => {
  const digests = await builder.appender('ct_digest');
  for (const d of check.digests) {
    const times = [ms(d.start), ms(d.end)];
    digests.add([
      d.key,
      d.sha256,
      d.account,
      d.region,
      ...times,
      d.status,
      d.signature,
      d.fingerprint,
      d.logs,
      d.reason,
    ]);
  }
  digests.close();
  const logs = await builder.appender('ct_log_integrity');
  for (const l of check.logs) {
    logs.add([l.key, l.sha256, l.digestKey, l.state === 'not_covered_yet' ? 'in_no_digest' : l.state, l.reason]);
  }
  logs.close();
  const edges = await builder.appender('ct_edge');
  for (const e of check.edges) edges.add([e.account, e.region, e.kind, ms(e.from), ms(e.to)]);
  edges.close();
};

/** Adds rows of `ct_finding`. */
export const appendFindings = async (builder: Builder, findings: readonly TrailFinding[]): Promise<void> => {
  const to = await builder.appender('ct_finding');
  for (const { severity, code, subject, message } of findings) to.add([severity, code, subject, message]);
  to.close();
};

const hasReason = (row: { readonly reason: string | null }): boolean => row.reason !== null;

/**
 * Loads every collected log, checks the chain of digests, and writes `ct_*`.
 * @param stage folder for parts, the only one that statements can read
 * @param window events outside it are excluded and counted
 */
export const loadTrail = async (
  builder: Builder,
  stage: string,
  raw: RawEvidence,
  window: Window | undefined,
): Promise<LoadedTrail> => {
  const { logs, rows } = await loadEvents(builder, stage, raw, window);
  const inputs: LogInput[] = logs.map(({ object, content }) => ({ key: object.key, sha256: object.sha256, content }));
  const check = checkTrail(await readDigests(raw), inputs, await readKeys(raw));
  const invalid = new Map(check.digests.filter(hasReason).map(({ key, status, reason }) => [key, { status, reason }]));
  const others = raw.objects.flatMap((object) => {
    if (object.kind === 'cloudtrail-public-keys') return [otherRow(object, 'public_keys', null)];
    if (object.kind !== 'cloudtrail-digest') return [];
    const found = invalid.get(object.key);
    return [otherRow(object, 'digest', found?.status === 'INVALID' ? found.reason : null)];
  });
  const refused = raw.problems.map(
    (p): FileRow => ({ ...otherRow({ ...p, kind: 'cloudtrail-log', signature: null }, 'other', p.reason) }),
  );
  const files = [...rows, ...others, ...refused].sort((a, b) => (a.key < b.key ? -1 : 1));
  await appendFiles(builder, files);
  await appendCheck(builder, check);
  const context = trailContext(raw.objects, raw.listing);
  const findings = [...trailFindings(check, context), ...(await trailOddities(builder))];
  await appendFindings(builder, findings);
  return { files, check, findings };
};
