/** One ledger, from its first byte to its last: order, links, roots, signatures, payloads, continuity. */
import { join } from 'node:path';
import { realFiles } from '../base/durable.js';
import { readLines } from '../base/lines.js';
import { type Chain, ChainError, type CheckedPayload, createChain } from '../ledger/chain.js';
import { commitmentPrefix, MAX_LINE_BYTES, type RecordLine, segmentFirst } from '../ledger/format.js';
import { AnchorWalk } from './anchors.js';
import { Continuity } from './continuity.js';
import { digestFile } from './files.js';
import { PasskeyWalk } from './passkeys.js';
import { checkSetAside } from './set-aside.js';
import type { Target } from './target.js';

export interface LedgerTarget extends Target {
  /** Put before file names in messages: empty, or `ledger/<origin>/`. */
  readonly label: string;
}

/** What the last checkpoint that verifies says. */
export interface LedgerHead {
  readonly origin: string;
  readonly key: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

interface SegmentFile {
  /** `log/<first seq>.jsonl`. */
  readonly name: string;
  readonly path: string;
  readonly first: number;
  readonly bytes: number;
  readonly last: boolean;
}

const listSegments = async ({ dir, label, findings }: LedgerTarget): Promise<readonly SegmentFile[]> => {
  const log = join(dir, 'log');
  const found: Omit<SegmentFile, 'last'>[] = [];
  const facts = await realFiles.facts(log);
  if (facts?.kind !== 'folder') return [];
  for (const name of [...(await realFiles.list(log))].sort()) {
    const path = join(log, name);
    const first = segmentFirst(name);
    const entry = await realFiles.facts(path);
    if (first === undefined || entry?.kind !== 'file') {
      findings.add(
        'integrity',
        'STRAY_FILE',
        `${label}log/${name} is not a segment file; nothing else belongs in log/.`,
      );
    } else found.push({ name: `log/${name}`, path, first, bytes: entry.size });
  }
  return found.map((segment, index) => ({ ...segment, last: index === found.length - 1 }));
};

interface PlacedRecord {
  readonly record: RecordLine;
  readonly place: string;
  readonly byte: number;
}

/** Walks the lines of one ledger. */
class LedgerWalk {
  head: LedgerHead | null = null;
  /** The last record under a checkpoint. */
  lastTime: string | null = null;
  /** File and hash of what `recover` records name. */
  readonly setAside = new Map<string, string>();
  private readonly target: LedgerTarget;
  private readonly chain: Chain;
  private readonly continuity: Continuity;
  private readonly passkeys: PasskeyWalk;
  readonly anchors: AnchorWalk;
  /** File and byte of the line under way, of the last record, and of the first record without a checkpoint. */
  private place = '';
  private byte = 0;
  private last: PlacedRecord | null = null;
  private batch: PlacedRecord | null = null;
  private blobs = 0;

  constructor(target: LedgerTarget) {
    this.target = target;
    const { trust, findings, label } = target;
    this.chain = createChain({ onPayloadFault: (fault) => this.fault(fault) });
    const { heartbeat, skew } = trust;
    const what = label === '' ? 'the ledger' : label.slice(0, -1);
    this.passkeys = new PasskeyWalk(findings, what);
    this.anchors = new AnchorWalk(trust.checkpoints, findings, what);
    this.continuity = new Continuity({
      label: label === '' ? 'ledger' : label.slice(0, -1),
      heartbeat,
      skew,
      findings,
    });
  }

  /** False where the walk cannot go on. */
  async segment(segment: SegmentFile): Promise<boolean> {
    const { findings } = this.target;
    this.place = `${this.target.label}${segment.name}`;
    if (segment.first !== this.chain.size) {
      const code = segment.first > this.chain.size ? 'SEGMENT_MISSING' : 'SEGMENT_OVERLAP';
      findings.add('integrity', code, `${this.place} does not begin with record ${this.chain.size}, which comes next.`);
      return false;
    }
    try {
      await this.lines(segment);
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      this.fault(error);
      return false;
    }
    return this.segmentEnd(segment);
  }

  /** After the last segment. */
  async end(whole: boolean): Promise<void> {
    const { findings, label, dir } = this.target;
    if (whole) {
      this.continuity.end();
      this.anchors.end(this.chain);
    }
    this.passkeys.end(this.target.trust);
    if (!this.head)
      findings.add('incomplete', 'LEDGER_EMPTY', `${label || 'the ledger '}holds no record under a checkpoint.`);
    if (whole) await this.strayBlobs();
    await checkSetAside(dir, label, this.setAside, findings);
  }

  private async lines(segment: SegmentFile): Promise<void> {
    const name = `${this.target.label}${segment.name}`;
    for await (const lines of readLines(segment.path, MAX_LINE_BYTES)) {
      for (const line of lines) {
        this.place = name;
        this.byte = line.offset;
        if (line.end === 'limit') throw new ChainError('BAD_RECORD', 'is longer than a line may be', this.chain.size);
        if (line.end === 'file') this.torn(segment, line.bytes.length);
        else await this.line(line.bytes);
      }
      const last = lines.at(-1);
      if (last) this.target.onProgress({ what: name, done: last.offset + last.bytes.length, total: segment.bytes });
    }
  }

  private async line(bytes: Buffer): Promise<void> {
    const item = this.chain.next(bytes);
    if (item?.kind === 'record') this.record(item);
    if (item?.kind === 'payload' && !item.data) await this.blob(item);
    if (item?.kind !== 'checkpoint') return;
    const { origin, size, root } = item.checkpoint;
    this.head = { origin, key: this.chain.root?.key ?? '', size, root: root.toString('hex') };
    this.lastTime = this.last?.record.t ?? null;
    this.batch = null;
  }

  private record(record: RecordLine): void {
    if (record.type === 'seg' && this.byte !== 0) {
      throw new ChainError('BAD_SEGMENT', 'names a key and is not the first of its file', record.seq);
    }
    this.continuity.record(record);
    this.anchors.record(this.chain, record.t);
    this.passkeys.record(record);
    this.last = { record, place: this.place, byte: this.byte };
    this.batch ??= this.last;
    const { file, sha256 } = record.d;
    if (record.type === 'recover' && typeof file === 'string' && typeof sha256 === 'string') {
      this.setAside.set(file, sha256);
    }
  }

  private async blob({ commitment, salt, seq, name }: CheckedPayload): Promise<void> {
    this.blobs++;
    const path = join(this.target.dir, 'blobs', commitment);
    const which = `the payload "${name}" of record ${seq} (blobs/${commitment})`;
    if ((await realFiles.facts(path))?.kind !== 'file') {
      this.fault(new ChainError('PAYLOAD_MISSING', `names ${which}, which is missing`, seq));
    } else if ((await digestFile(path, commitmentPrefix(salt))).sha256 !== commitment) {
      this.fault(new ChainError('PAYLOAD_ALTERED', `names ${which}, which was changed`, seq));
    }
  }

  private async strayBlobs(): Promise<void> {
    const { dir, label, findings } = this.target;
    const folder = join(dir, 'blobs');
    if ((await realFiles.facts(folder))?.kind !== 'folder') return;
    const more = (await realFiles.list(folder)).length - this.blobs;
    if (more > 0) {
      findings.add(
        'note',
        'BLOB_UNUSED',
        `${label}blobs/: ${more} files belong to no record; a write cut short leaves such.`,
      );
    }
  }

  private torn(segment: SegmentFile, bytes: number): void {
    if (!segment.last)
      throw new ChainError('BAD_RECORD', 'is cut off in a segment that others follow', this.chain.size);
    const message = `${this.place}, byte ${this.byte}: the last ${bytes} bytes are a line that was never finished, after record ${this.chain.size - 1}.`;
    this.target.findings.add('incomplete', 'TORN_TAIL', message);
  }

  private segmentEnd(segment: SegmentFile): boolean {
    const { uncommitted, size } = this.chain;
    if (uncommitted === 0) return true;
    const { findings, label } = this.target;
    const what = `${label}${segment.name}: no signed checkpoint covers records ${size - uncommitted} to ${size - 1}`;
    if (segment.last) findings.add('incomplete', 'UNSIGNED_TAIL', `${what}, the last ones.`);
    else findings.add('integrity', 'SEGMENT_UNSEALED', `${what}, yet another segment follows.`);
    return segment.last;
  }

  private fault({ code, message, seq }: ChainError): void {
    const bad = [this.batch, this.last].find((placed) => placed?.record.seq === seq);
    const where =
      bad && bad.byte !== this.byte
        ? `${bad.place}, record ${seq}, byte ${bad.byte}: the line at byte ${this.byte}`
        : `${this.place}, ${seq === null || seq < 0 ? '' : `record ${seq}, `}byte ${this.byte}: the line`;
    this.target.findings.add('integrity', code, `${where} ${message}.`);
  }
}

const judgeSigner = ({ label, trust, findings }: LedgerTarget, head: LedgerHead): void => {
  const what = label === '' ? 'the ledger' : label.slice(0, -1);
  const sameOrigin = trust.ledgers.filter(({ name }) => name === head.origin);
  if (sameOrigin.some(({ key }) => key === head.key)) {
    findings.establish(
      `${what}: its ${head.size} records are signed by the key of ${head.origin} that the trust file names.`,
    );
  } else if (sameOrigin.length > 0) {
    const message = `${what}: signed by another key than the one the trust file names for ${head.origin}: ${head.key}.`;
    findings.add('integrity', 'LEDGER_KEY_DIFFERS', message);
  } else {
    const message = `${what}: who signs is not established: no trust file names the key ${head.key}.`;
    findings.add('unestablished', 'LEDGER_SIGNER_UNKNOWN', message);
  }
};

/** What kept checkpoints confirm, and the window that they do not. */
const judgeAnchors = ({ label, findings }: LedgerTarget, head: LedgerHead, walk: LedgerWalk): void => {
  const what = label === '' ? 'the ledger' : label.slice(0, -1);
  const { confirmed, openSince } = walk.anchors;
  if (confirmed > 0) {
    findings.establish(`${what}: records 0 to ${confirmed - 1} are those of the checkpoint that the trust file kept.`);
  }
  if (confirmed >= head.size) return;
  const window = `records ${confirmed} to ${head.size - 1}, ${openSince} to ${walk.lastTime}`;
  const why = 'no anchor outside the machine that wrote them confirms them';
  findings.add(
    'unestablished',
    'NOT_ANCHORED',
    `${what}: ${window}: ${why}; whoever holds the key could have replaced them.`,
  );
};

/**
 * Verifies the ledger in a folder. What does not hold goes to `findings`; the head is null where no record
 * stands under a checkpoint that verifies.
 */
export const verifyLedger = async (target: LedgerTarget): Promise<LedgerHead | null> => {
  const { findings, label } = target;
  const walk = new LedgerWalk(target);
  let whole = true;
  for (const segment of await listSegments(target)) {
    whole = await walk.segment(segment);
    if (!whole) break;
  }
  await walk.end(whole);
  const { head } = walk;
  if (!head) return null;
  const what = label === '' ? 'the ledger' : label.slice(0, -1);
  findings.establish(`${what}: records 0 to ${head.size - 1} give the signed root ${head.root}.`);
  judgeSigner(target, head);
  judgeAnchors(target, head, walk);
  return head;
};
