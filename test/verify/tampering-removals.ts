/** What can be done to a ledger from which something was removed, and what a verifier must say of it. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Removed by order: payloads of two segments, the two segments, or the payloads of one person. Or nothing yet. */
export type RemovedState = 'payloads' | 'segments' | 'erased' | 'whole';

export interface RemovalTampering {
  readonly name: string;
  readonly of: RemovedState;
  readonly exit: number;
  /** Null where nothing is found. */
  readonly code: string | null;
  /** How many custodians the trust file names; three where absent. */
  readonly custodians?: number;
  /** Whether the trust file keeps a checkpoint over every record; it does where absent. */
  readonly anchored?: boolean;
  readonly change: (dir: string, untouched: string) => void;
}

export const segmentsOf = (dir: string): string[] =>
  readdirSync(join(dir, 'log'))
    .sort()
    .map((name) => join(dir, 'log', name));

const edit = (path: string, change: (text: string) => string): void =>
  writeFileSync(path, change(readFileSync(path, 'utf8')));

/** Changes the first line in any segment that the pattern fits; undefined takes it out. */
const line =
  (pattern: RegExp, change: (line: string) => string | undefined) =>
  (dir: string): void => {
    for (const path of segmentsOf(dir)) {
      const lines = readFileSync(path, 'utf8').split('\n');
      const index = lines.findIndex((text) => pattern.test(text));
      if (index < 0) continue;
      const changed = change(lines[index] ?? '');
      lines.splice(index, 1, ...(changed === undefined ? [] : [changed]));
      writeFileSync(path, lines.join('\n'));
      return;
    }
    throw new Error(`no line like ${pattern}`);
  };
const without = (pattern: RegExp) => line(pattern, () => undefined);
const pruned =
  (pattern: RegExp, replacement: string) =>
  (dir: string): void =>
    edit(join(dir, 'pruned.json'), (text) => text.replace(pattern, replacement));
const nothing = (): void => {};
const other = (digit: string): string => (digit === '0' ? '1' : '0');

/** A removed payload line put back where it was. */
const restored = (dir: string, untouched: string): void => {
  const [path = ''] = segmentsOf(dir);
  const [original = ''] = segmentsOf(untouched);
  const lines = readFileSync(path, 'utf8').split('\n');
  const all = readFileSync(original, 'utf8').split('\n');
  const at = all.findIndex((text) => text.startsWith('>') && !text.includes('"blob":true') && !lines.includes(text));
  const record = all.slice(0, at).findLast((text) => text.startsWith('{')) ?? '';
  lines.splice(lines.indexOf(record) + 1, 0, all[at] ?? '');
  writeFileSync(path, lines.join('\n'));
};

export const REMOVAL_TAMPERINGS: readonly RemovalTampering[] = [
  { name: 'payloads-pruned', of: 'payloads', exit: 0, code: null, change: nothing },
  { name: 'segments-pruned', of: 'segments', exit: 0, code: null, change: nothing },
  { name: 'person-erased', of: 'erased', exit: 0, code: null, change: nothing },
  { name: 'payload-beyond-the-pruning', of: 'payloads', exit: 12, code: 'PAYLOAD_MISSING', change: without(/^>/) },
  {
    name: 'payload-beside-the-erasure',
    of: 'erased',
    exit: 12,
    code: 'PAYLOAD_MISSING',
    change: without(/^>.*"name":"person"/),
  },
  {
    name: 'pruning-by-unknown-custodians',
    of: 'payloads',
    exit: 13,
    code: 'REMOVAL_UNCONFIRMED',
    custodians: 0,
    change: nothing,
  },
  {
    name: 'pruning-by-one-known-custodian',
    of: 'payloads',
    exit: 12,
    code: 'PRUNE_UNAUTHORISED',
    custodians: 1,
    change: nothing,
  },
  {
    name: 'erasure-by-unknown-custodians',
    of: 'erased',
    exit: 13,
    code: 'REMOVAL_UNCONFIRMED',
    custodians: 0,
    change: nothing,
  },
  {
    name: 'erasure-by-one-known-custodian',
    of: 'erased',
    exit: 12,
    code: 'ERASE_UNAUTHORISED',
    custodians: 1,
    change: nothing,
  },
  {
    name: 'segments-by-one-known-custodian',
    of: 'segments',
    exit: 12,
    code: 'PRUNE_UNAUTHORISED',
    custodians: 1,
    change: nothing,
  },
  {
    name: 'prune-record-cut-out',
    of: 'payloads',
    exit: 12,
    code: 'CHECKPOINT_REPEATED',
    change: without(/"type":"prune"/),
  },
  {
    name: 'prune-record-edited',
    of: 'payloads',
    exit: 12,
    code: 'ROOT_MISMATCH',
    change: line(/"type":"prune"/, (text) => text.replace('"what":"payloads"', '"what":"segments"')),
  },
  {
    name: 'erase-list-edited',
    of: 'erased',
    exit: 12,
    code: 'PAYLOAD_ALTERED',
    change: line(/"name":"list"/, (text) => text.replace(/\[(\d)/, (_, digit: string) => `[${other(digit)}`)),
  },
  { name: 'erase-list-cut-out', of: 'erased', exit: 12, code: 'PAYLOAD_MISSING', change: without(/"name":"list"/) },
  { name: 'erased-payload-restored', of: 'erased', exit: 11, code: 'ERASE_UNFINISHED', change: restored },
  {
    name: 'frontier-cut-out',
    of: 'segments',
    exit: 12,
    code: 'SEGMENT_MISSING',
    change: (dir) => rmSync(join(dir, 'pruned.json')),
  },
  {
    name: 'frontier-range-forged',
    of: 'segments',
    exit: 12,
    code: 'ROOT_MISMATCH',
    change: pruned(/(?<="range":\[")[0-9a-f]{8}/, '00000000'),
  },
  {
    name: 'frontier-link-forged',
    of: 'segments',
    exit: 12,
    code: 'CHAIN_BREAK',
    change: pruned(/(?<="prev":")[0-9a-f]{8}/, '00000000'),
  },
  {
    name: 'frontier-size-forged',
    of: 'segments',
    exit: 12,
    code: 'PRUNE_UNPROVEN',
    change: pruned(/(?<="size":)\d+/, '1023'),
  },
  {
    name: 'frontier-origin-forged',
    of: 'segments',
    exit: 12,
    code: 'PRUNE_UNPROVEN',
    change: pruned(/example\.com/, 'example.org'),
  },
  { name: 'frontier-with-more', of: 'segments', exit: 12, code: 'PRUNE_UNPROVEN', change: pruned(/\}/, ',"more":1}') },
  { name: 'frontier-unanchored', of: 'segments', exit: 13, code: 'PRUNE_UNPROVEN', anchored: false, change: nothing },
  {
    name: 'one-segment-more-removed',
    of: 'segments',
    exit: 12,
    code: 'SEGMENT_MISSING',
    change: (dir) => rmSync(segmentsOf(dir)[0] ?? ''),
  },
  {
    name: 'removed-segment-left-over',
    of: 'segments',
    exit: 0,
    code: null,
    change: (dir, untouched) =>
      writeFileSync(join(dir, 'log', '0000000000000000.jsonl'), readFileSync(segmentsOf(untouched)[0] ?? '')),
  },
];
