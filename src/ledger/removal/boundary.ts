/** Where segments meet: only there something is removed, so that what is left begins or ends with a whole file. */
import type { FilePort } from '../../base/durable.js';
import { CountersignError } from '../../base/errors.js';
import { readLines } from '../../base/lines.js';
import { type Chain, ChainError, type ChainState, createChain } from '../chain.js';
import { listSegments, type Segment } from '../folder.js';
import { MAX_LINE_BYTES, type RecordLine } from '../format.js';
import { prunedState } from '../pruned.js';

/** The state between two segments, and the times of the records before it that are still there. */
export interface Boundary extends ChainState {
  /** Wall clocks, milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

const tolerant = (fault: ChainError): void => {
  if (fault.code !== 'PAYLOAD_MISSING') throw fault;
};

/** The records of a segment file, checked as the chain goes. */
async function* recordsOf(chain: Chain, { path }: Segment, files: FilePort): AsyncGenerator<RecordLine> {
  for await (const lines of readLines(path, MAX_LINE_BYTES, 0, files)) {
    for (const { bytes, end } of lines) {
      if (end !== 'feed') throw new ChainError('BAD_RECORD', 'is cut off or too long', chain.size);
      const item = chain.next(bytes);
      if (item?.kind === 'record') yield item;
    }
  }
}

/**
 * The last boundary before which every record is `within`; null where there is none. The segment that is written on
 * is never before one.
 * @throws CountersignError LEDGER_DAMAGED where what is read does not hold
 */
export const lastBoundary = async (
  dir: string,
  within: (record: RecordLine) => boolean,
  files: FilePort,
): Promise<Boundary | null> => {
  const chain = createChain(
    { signatures: false, onPayloadFault: tolerant },
    (await prunedState(dir, files)) ?? undefined,
  );
  let found: Boundary | null = null;
  let [from, to]: [number | null, number] = [null, 0];
  for (const segment of (await listSegments(dir, files)).slice(0, -1)) {
    try {
      for await (const record of recordsOf(chain, segment, files)) {
        if (!within(record)) return found;
        from ??= record.time;
        to = record.time;
      }
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      throw new CountersignError('LEDGER_DAMAGED', { dir, problem: `${segment.name}: a line ${error.message}` });
    }
    found = { ...chain.state(), from: from ?? 0, to };
  }
  return found;
};
