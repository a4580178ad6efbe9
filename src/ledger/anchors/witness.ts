/**
 * A witness (C2SP tlog-witness) as an anchor: it keeps the newest checkpoint it has seen of this origin, and
 * refuses any that does not extend it.
 */
import { join } from 'node:path';
import { timestamp } from '../../base/clock.js';
import { type Cosigner, checkCosignature } from '../../base/cosignature.js';
import { type FilePort, makeFolder, readBounded, realFiles, writeAtomic } from '../../base/durable.js';
import { at, isArray, JsonError, type JsonValue, parseJson, toValue } from '../../base/json.js';
import { type CompactRange, createCompactRange, restoreCompactRange } from '../../base/merkle.js';
import { checkpointText, NoteError, type NoteSignature, parseSignatureLine, signatureLine } from '../../base/note.js';
import type { AnchorReceipt } from '../../model/anchor.js';
import { prunedState } from '../pruned.js';
import { type Anchor, AnchorError, type AnchorHead, type Confirmed, type LatestAsk } from './anchor.js';
import { consistencyProof } from './consistency.js';
import { readLeaves } from './leaves.js';
import { type AnchorAnswer, type Fetch, post } from './request.js';

const MAX_ANSWER = 16_384;
const MAX_STATE = 16_384;
/** A witness that was asked by another process meanwhile tells its size; more often than this it is a contest. */
const MAX_TRIES = 3;

export interface WitnessOptions {
  readonly name: string;
  /** Submission prefix, without a slash at its end. */
  readonly url: string;
  readonly cosigner: Cosigner;
  /** Signature line of the key that the witness knows for this origin: the root key's. */
  readonly sign: (text: string) => Promise<string>;
  /** Folder of the ledger. */
  readonly dir: string;
  readonly fetch: Fetch;
  readonly files?: FilePort;
}

/** A line with LF, or the answer's size. Undefined where the body is neither. */
const sizeOf = ({ body, type }: AnchorAnswer): number | undefined => {
  const [, decimal] = /^(0|[1-9]\d{0,15})\n$/.exec(body.toString('latin1')) ?? [];
  return type.startsWith('text/x.tlog.size') && decimal !== undefined ? Number(decimal) : undefined;
};

const signaturesOf = (body: Buffer): readonly NoteSignature[] => {
  try {
    return body.toString('utf8').split('\n').filter(Boolean).map(parseSignatureLine);
  } catch (error) {
    if (error instanceof NoteError) throw new AnchorError('the witness answered with something else than cosignatures');
    throw error;
  }
};

const hashOf = (value: JsonValue): Buffer => Buffer.from(typeof value === 'string' ? value : '', 'hex');

/** @throws JsonError */
const parseState = (bytes: Buffer): CompactRange | undefined => {
  const node = parseJson(bytes);
  const size = at(node, 'size');
  const peaks = toValue(at(node, 'peaks') ?? node);
  const isState = size?.kind === 'number' && typeof peaks === 'object' && peaks !== null && isArray(peaks);
  return isState ? restoreCompactRange(size.value, peaks.map(hashOf)) : undefined;
};

/** What is asked of a witness, and the tree that it then has seen. */
interface Ask {
  readonly body: Buffer;
  readonly range: CompactRange;
}

class Witness implements Anchor {
  readonly kind = 'witness';
  readonly name: string;
  readonly locator: string;
  private readonly options: WitnessOptions;
  private readonly files: FilePort;
  /** The tree that the witness last cosigned; null: not known yet. */
  private seen: CompactRange | null = null;

  constructor(options: WitnessOptions) {
    this.options = options;
    this.files = options.files ?? realFiles;
    this.name = options.name;
    this.locator = options.url;
  }

  async put(head: AnchorHead, signal: AbortSignal): Promise<AnchorReceipt> {
    this.seen ??= (await this.restore()) ?? createCompactRange();
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { body, range } = await this.ask(this.seen, head);
      const answer = await this.send(body, signal);
      if (answer.status === 200) return this.accept(head, answer, range);
      const size = answer.status === 409 ? sizeOf(answer) : undefined;
      if (size === undefined || size === this.seen.size) throw refusal(answer.status, head, size);
      if (size > head.size) {
        const problem = `the witness has cosigned ${size} records of this ledger, which has ${head.size}`;
        throw new AnchorError(problem, { size, root: null });
      }
      this.seen = await this.seenBy(size);
    }
    throw new AnchorError('another process asks this witness for the same ledger');
  }

  /**
   * The witness has no way to be asked but with a checkpoint: what it accepts, it then holds. Asked as if it had seen
   * nothing, it tells its size alone.
   */
  async latest({ head, lookOnly }: LatestAsk, signal: AbortSignal): Promise<Confirmed | null> {
    if (!head) return null;
    if (!lookOnly) {
      await this.put(head, signal);
      return { size: head.size, root: head.root };
    }
    const body = await this.bodyOf(0, [], head);
    const answer = await this.send(body, signal);
    const size = answer.status === 409 ? sizeOf(answer) : undefined;
    if (size !== undefined) return { size, root: null };
    if (answer.status === 200) return { size: head.size, root: head.root };
    throw refusal(answer.status, head, size);
  }

  private send(body: Buffer, signal: AbortSignal): Promise<AnchorAnswer> {
    const { url, fetch } = this.options;
    return post(fetch, `${url}/add-checkpoint`, { type: 'text/plain', body, maxBytes: MAX_ANSWER, signal });
  }

  private async ask(seen: CompactRange, head: AnchorHead): Promise<Ask> {
    if (seen.size > head.size) return { body: await this.bodyOf(0, [], head), range: seen };
    const range = seen.size === 0 ? await this.start() : seen.copy();
    const leaves = this.leaves(range, head.size);
    const proof = await consistencyProof(seen.peaks(), seen.size, head.size, leaves);
    // What was kept of the last time may be damaged; a false proof would look like a fork.
    if (!range.root().equals(head.root)) {
      this.seen = null;
      throw new AnchorError('the records on disk do not give the root of their own checkpoint');
    }
    return { body: await this.bodyOf(seen.size, proof, head), range };
  }

  private async bodyOf(size: number, proof: readonly Buffer[], head: AnchorHead): Promise<Buffer> {
    const text = checkpointText(head);
    const lines = [`old ${size}`, ...proof.map((hash) => hash.toString('base64')), ''];
    return Buffer.from(`${lines.join('\n')}\n${text}\n${await this.options.sign(text)}\n`);
  }

  private async accept(head: AnchorHead, { body }: AnchorAnswer, range: CompactRange): Promise<AnchorReceipt> {
    const { origin, size, root } = head;
    const { cosigner } = this.options;
    const text = checkpointText(head);
    const own = signaturesOf(body).find((line) => checkCosignature(text, line, cosigner) !== undefined);
    const time = own && checkCosignature(text, own, cosigner);
    if (!own || time === undefined) throw new AnchorError('the witness did not answer with the cosignature of its key');
    this.seen = range;
    await this.keep(range);
    const facts = {
      v: 1,
      origin,
      size,
      root: root.toString('hex'),
      locator: this.locator,
      at: timestamp(time),
    } as const;
    return { ...facts, kind: 'witness', cosignature: signatureLine(cosigner.key, own.signature) };
  }

  /** The leaves behind a range up to `size`, added to it on the way. */
  private async *leaves(range: CompactRange, size: number): AsyncGenerator<Buffer> {
    for await (const leaf of readLeaves(this.options.dir, range.size, size, this.files)) {
      range.append(leaf);
      yield leaf;
    }
  }

  /** The tree over the first `size` records. */
  private async seenBy(size: number): Promise<CompactRange> {
    const range = size === 0 ? createCompactRange() : await this.start();
    if (range.size > size)
      throw new AnchorError(`the witness has cosigned ${size} records, which are not here any more`);
    for await (const leaf of readLeaves(this.options.dir, range.size, size, this.files)) range.append(leaf);
    return range;
  }

  /** Where the records on this machine begin. */
  private async start(): Promise<CompactRange> {
    return (await prunedState(this.options.dir, this.files))?.range ?? createCompactRange();
  }

  private get state(): string {
    return join(this.options.dir, 'anchors', `${this.name}.json`);
  }

  /** What was kept spares a walk over the whole ledger; whatever is wrong with it, the witness tells its size. */
  private async restore(): Promise<CompactRange | undefined> {
    if (!(await this.files.facts(this.state))) return undefined;
    try {
      return parseState(await readBounded(this.state, MAX_STATE, this.files));
    } catch (error) {
      if (error instanceof JsonError || error instanceof RangeError) return undefined;
      throw error;
    }
  }

  private async keep(range: CompactRange): Promise<void> {
    await makeFolder(join(this.options.dir, 'anchors'), this.files);
    const peaks = range.peaks().map((peak) => peak.toString('hex'));
    await writeAtomic(this.state, Buffer.from(`${JSON.stringify({ size: range.size, peaks })}\n`), this.files);
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  403: 'the witness does not know the root key of this ledger',
  404: 'the witness does not know this origin',
};

const refusal = (status: number, head: AnchorHead, size: number | undefined): AnchorError => {
  const forks = status === 422 || (status === 409 && size !== undefined);
  if (!forks) return new AnchorError(REFUSALS[status] ?? `the witness answered with status ${status}`);
  const problem = 'the witness has cosigned another history of this ledger';
  return new AnchorError(problem, { size: size ?? head.size, root: null });
};

/** Cosignatures are checked here too: a key in the configuration that is not the witness's would confirm nothing. */
export const createWitnessAnchor = (options: WitnessOptions): Anchor => new Witness(options);
