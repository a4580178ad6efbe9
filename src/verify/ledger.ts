/** One ledger, from its first byte to its last: order, links, roots, signatures, payloads, continuity. */
import { join } from 'node:path';
import { readBounded, realFiles } from '../base/durable.js';
import type { LedgerSummary } from '../model/evidence.js';
import { MAX_PRUNED, type Pruned, parsePruned } from '../model/pruned.js';
import { type Anchored, duration, keptAnchors } from './anchors.js';
import { loadReceipts } from './receipts.js';
import type { RangeFacts } from './scan/facts.js';
import type { Scanner } from './scan/scanner.js';
import { scannerFor } from './scan/threads.js';
import { listSegments, type Range, rangesOf, type SegmentFile } from './segments.js';
import { judgeSigner } from './signer.js';
import type { Moment } from './tolerance.js';
import { type LedgerHead, type LedgerTarget, LedgerWalk } from './walk.js';

export type { LedgerHead } from './walk.js';

/** RFC 3339. */
const iso = (time: number | null): string => new Date(time ?? 0).toISOString();

/** What anchors confirm, and the window that they do not. */
const judgeAnchors = ({ label, findings }: LedgerTarget, head: LedgerHead, walk: LedgerWalk): void => {
  const what = label === '' ? 'the ledger' : label.slice(0, -1);
  const { confirmed, openSince, by, longest } = walk.anchors;
  if (confirmed > 0) {
    const delay = longest ? `; at most ${duration(longest.ms)} passed from a record to its confirmation` : '';
    findings.establish(`${what}: records 0 to ${confirmed - 1} are those that ${by} confirmed${delay}.`);
  }
  if (confirmed >= head.size) return;
  const window = `records ${confirmed} to ${head.size - 1}, ${iso(openSince)} to ${iso(walk.lastTime)}`;
  const why = 'no anchor outside the machine that wrote them confirms them';
  findings.add(
    'unestablished',
    'NOT_ANCHORED',
    `${what}: ${window}: ${why}; whoever holds the key could have replaced them.`,
  );
};

/** Every checkpoint that counts: kept, or confirmed by an anchor that the trust file names. */
const anchoredOf = async ({ dir, label, trust, findings, online = [] }: LedgerTarget): Promise<readonly Anchored[]> => {
  const what = label === '' ? 'the ledger' : label.slice(0, -1);
  const receipts = await loadReceipts(dir, what, trust.anchors, findings);
  return [...keptAnchors(trust.checkpoints), ...receipts, ...online];
};

/** Where the ledger begins; null: at its first record. */
const readPruned = async ({ dir, label, findings }: LedgerTarget): Promise<Pruned | null> => {
  const path = join(dir, 'pruned.json');
  if ((await realFiles.facts(path)) === undefined) return null;
  const bytes = await readBounded(path, MAX_PRUNED).catch(() => Buffer.alloc(0));
  const pruned = parsePruned(bytes);
  if (!pruned) findings.add('integrity', 'PRUNE_UNPROVEN', `${label}pruned.json cannot be read.`);
  return pruned ?? null;
};

/** A removal that was interrupted leaves files behind that are not the ledger's any more. */
const remaining = (
  segments: readonly SegmentFile[],
  pruned: Pruned | null,
  { label, findings }: LedgerTarget,
): readonly SegmentFile[] => {
  const rest = segments.filter(({ first }) => first >= (pruned?.size ?? 0));
  const left = segments.length - rest.length;
  if (left > 0) {
    findings.add(
      'note',
      'PRUNE_UNFINISHED',
      `${label}log/: ${left} files hold records that were removed by order: run the pruning again.`,
    );
  }
  return rest;
};

/** The facts of each range, in order; scanned ahead, some at once. */
async function* scanned(
  { dir, trust }: LedgerTarget,
  ranges: AsyncIterable<Range>,
  scanner: Scanner,
): AsyncGenerator<readonly [Range, RangeFacts | null]> {
  const ahead: (readonly [Range, Promise<RangeFacts | null>])[] = [];
  const { heartbeat, skew } = trust;
  for await (const range of ranges) {
    const { key, from, to } = range;
    const task = { path: range.segment.path, from, to, blobs: join(dir, 'blobs'), heartbeat, skew };
    const facts = key === null ? Promise.resolve(null) : scanner.scan({ ...task, key });
    facts.catch(() => undefined);
    ahead.push([range, facts]);
    const oldest = ahead.length > 2 * scanner.width ? ahead.shift() : undefined;
    if (oldest) yield [oldest[0], await oldest[1]];
  }
  for (const [range, facts] of ahead) yield [range, await facts];
}

const bytesOf = (segments: readonly SegmentFile[]): number => segments.reduce((sum, { bytes }) => sum + bytes, 0);

/** A ledger in figures. */
const summaryOf = (
  head: LedgerHead,
  walk: LedgerWalk,
  segments: readonly SegmentFile[],
  whole: boolean,
): LedgerSummary => {
  const { clocks, anchors, signers } = walk;
  const pointOf = (moment: Moment | null): LedgerSummary['first'] => ({
    seq: moment?.seq ?? 0,
    t: iso(moment?.time ?? 0),
  });
  return {
    origin: head.origin,
    key: head.key,
    first: pointOf(clocks.first),
    last: pointOf(clocks.last),
    whole,
    segments: segments.length,
    bytes: bytesOf(segments),
    signers,
    signed: head.size,
    root: head.root,
    anchored: anchors.confirmed,
    openSince: anchors.confirmed >= head.size ? null : iso(anchors.openSince),
    gaps: clocks.gaps,
    gapCount: clocks.gapCount,
    clockSteps: clocks.steps,
  };
};

/** False where the walk did not come to the end. */
const walkRanges = async (
  target: LedgerTarget,
  segments: readonly SegmentFile[],
  walk: LedgerWalk,
  scanner: Scanner,
): Promise<boolean> => {
  const total = bytesOf(segments);
  let before = 0;
  for await (const [range, facts] of scanned(target, rangesOf(segments), scanner)) {
    const { segment, key } = range;
    if (range.from === 0 && !walk.begin(segment)) return false;
    const isJoined = facts !== null && key !== null && walk.join(range, facts, key);
    if (!isJoined && !(await walk.read(range))) return false;
    target.onProgress({ what: `${target.label}${segment.name}`, done: before + range.to, total });
    if (range.last && !walk.finish(segment)) return false;
    if (range.last) before += segment.bytes;
  }
  return true;
};

/**
 * Verifies the ledger in a folder. What does not hold goes to `findings`; the head is null where no record
 * stands under a checkpoint that verifies.
 */
export const verifyLedger = async (target: LedgerTarget): Promise<LedgerHead | null> => {
  const { findings, label } = target;
  const pruned = await readPruned(target);
  const walk = new LedgerWalk(target, await anchoredOf(target), pruned);
  const segments = remaining(await listSegments(target), pruned, target);
  const scanner = target.scanner ?? scannerFor(bytesOf(segments));
  let whole = false;
  try {
    whole = await walkRanges(target, segments, walk, scanner);
    await walk.end(whole);
  } finally {
    await scanner.close();
  }
  const { head } = walk;
  if (!head) return null;
  const what = label === '' ? 'the ledger' : label.slice(0, -1);
  findings.establish(`${what}: records 0 to ${head.size - 1} give the signed root ${head.root}.`);
  judgeSigner({ what, ...head }, target);
  judgeAnchors(target, head, walk);
  findings.summarize(summaryOf(head, walk, segments, whole));
  return head;
};
