/** Random damage to a ledger of several segments: to bytes, and to lines, files and checkpoints as wholes. */
import type { KeyObject } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { scanHere, scanNothing } from '../../src/verify/scan/scanner.js';
import { verifyPath } from '../../src/verify/verify.js';
import { newKey, ORIGIN } from '../ledger/samples.js';
import { acrossSegments, certifiedLedger, folderOf, rootOf, type Segment, signAnew } from './certified.js';
import { MUTATIONS, seeded } from './fuzzing.js';
import { trustFile } from './sample.js';
import { rechain } from './tampering.js';

type Below = (below: number) => number;
type Change = (segments: readonly Segment[], below: Below, other: Others) => readonly Segment[];

/** What an attacker may have beside the ledger: another of the same root, and keys of its own. */
interface Others {
  readonly ledger: readonly Segment[];
  readonly keys: readonly KeyObject[];
}

const pick = <T>(items: readonly T[], below: Below): T | undefined => items[below(items.length)];
const lineMoved = (lines: readonly string[], from: number, to: number): readonly string[] => {
  const rest = lines.filter((_, i) => i !== from);
  return [...rest.slice(0, to), lines[from] ?? '', ...rest.slice(to)];
};

/** In a random file, by its lines. */
const inFile =
  (change: (lines: readonly string[], below: Below, other: Others) => readonly string[]): Change =>
  (segments, below, other) => {
    const at = below(segments.length);
    return segments.map((one, i) => (i === at ? { ...one, lines: change(one.lines, below, other) } : one));
  };

const isCheckpoint = (line: string): boolean => line.startsWith('~');

const STRUCTURAL: readonly Change[] = [
  inFile((lines, below) => lines.toSpliced(below(lines.length), 1 + below(3))),
  inFile((lines, below) => lines.toSpliced(below(lines.length), 0, pick(lines, below) ?? '')),
  inFile((lines, below) => lineMoved(lines, below(lines.length), below(lines.length))),
  inFile((lines, below) => lines.slice(0, below(lines.length))),
  inFile((lines, below) => lines.slice(below(lines.length))),
  inFile((lines, below, { ledger }) => {
    const foreign =
      pick(
        ledger.flatMap((one) => one.lines),
        below,
      ) ?? '';
    return lines.toSpliced(below(lines.length), 1, foreign);
  }),
  // Checkpoints: taken out, exchanged for another of this ledger, or of another.
  inFile((lines, below) => lines.filter((line) => !isCheckpoint(line) || below(2) === 0)),
  inFile((lines, below, { ledger }) => {
    const all = [...lines, ...ledger.flatMap((one) => one.lines)].filter(isCheckpoint);
    return lines.map((line) => (isCheckpoint(line) && below(2) === 0 ? (pick(all, below) ?? line) : line));
  }),
  // Files: dropped, exchanged, renamed, copied, emptied, joined, of another ledger.
  (segments, below) => segments.toSpliced(below(segments.length), 1),
  (segments, below) => {
    const [a, b] = [below(segments.length), below(segments.length)];
    return segments.map((one, i) => ({ ...one, lines: segments[i === a ? b : i === b ? a : i]?.lines ?? [] }));
  },
  (segments, below) => {
    const at = below(segments.length);
    const name = `${String(below(20)).padStart(16, '0')}.jsonl`;
    return segments.some((one) => one.name === name)
      ? segments
      : segments.map((one, i) => (i === at ? { ...one, name } : one));
  },
  (segments, below) => {
    const name = `${String(below(20)).padStart(16, '0')}.jsonl`;
    const lines = pick(segments, below)?.lines ?? [];
    return segments.some((one) => one.name === name) ? segments : [...segments, { name, lines }];
  },
  inFile(() => []),
  (segments) => {
    const [first, second, ...rest] = segments;
    return first && second ? [{ ...first, lines: [...first.lines, ...second.lines] }, ...rest] : segments;
  },
  (segments, below, { ledger }) => {
    const at = below(segments.length);
    return segments.map((one, i) => (i === at ? (ledger[at] ?? one) : one));
  },
];

const relinked = (segments: readonly Segment[]): readonly Segment[] => acrossSegments(segments, rechain);

/** Afterwards an attacker may link anew, and sign anew with keys that nobody certified. */
const AFTER: readonly Change[] = [
  (segments) => segments,
  relinked,
  (segments, _below, { keys }) => signAnew(relinked(segments), keys),
  (segments, below, { keys }) => signAnew(segments, keys, below(3)),
];

const bytesOf = ({ lines }: Segment): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));

/** One random byte mutation in one random file. */
const damagedBytes = (segments: readonly Segment[], below: Below): Map<string, Buffer> => {
  const at = below(segments.length);
  return new Map(
    segments.map((one, i) => {
      const bytes = bytesOf(one);
      return [one.name, i === at ? (MUTATIONS[below(MUTATIONS.length)]?.(bytes, below) ?? bytes) : bytes];
    }),
  );
};

const damagedStructure = (segments: readonly Segment[], below: Below, others: Others): Map<string, Buffer> => {
  let changed = segments;
  for (let left = 1 + below(3); left > 0; left--)
    changed = pick(STRUCTURAL, below)?.(changed, below, others) ?? changed;
  changed = pick(AFTER, below)?.(changed, below, others) ?? changed;
  return new Map(changed.map((one) => [one.name, bytesOf(one)]));
};

/** All lines but checkpoints, in the order of their files. */
const recordsOf = (files: ReadonlyMap<string, Buffer>): string =>
  [...files]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, bytes]) => bytes.toString('latin1'))
    .join('')
    .split('\n')
    .filter((line) => !isCheckpoint(line))
    .join('\n')
    .replace(/\n$/, '');

/** Makes the files of a ledger other ones, writing what differs. */
const refill = async (dir: string, before: ReadonlyMap<string, Buffer>, after: ReadonlyMap<string, Buffer>) => {
  for (const name of before.keys()) if (!after.has(name)) await rm(join(dir, 'log', name));
  for (const [name, bytes] of after) {
    if (before.get(name)?.equals(bytes) !== true) await writeFile(join(dir, 'log', name), bytes);
  }
};

const KINDS = { bytes: damagedBytes, structure: damagedStructure } as const;

/**
 * Damages a ledger in `runs` ways. No damage improves the verdict. Without a kept checkpoint it stays what it was only
 * where what is left is how the ledger began, or how the other one that the same root key certified did, as the format's
 * limits have it; with one, only where no record is gone.
 */
export const damageSegments = async (kind: keyof typeof KINDS, seed: number, runs: number): Promise<void> => {
  const below = seeded(seed);
  const { root, rootKey, segments } = certifiedLedger();
  const others = { ledger: certifiedLedger(root, 'write').segments, keys: [newKey(), newKey(), newKey()] };
  const [whole = '', twin = ''] = [segments, others.ledger].map((ledger) =>
    recordsOf(new Map(ledger.map((one) => [one.name, bytesOf(one)]))),
  );
  const isBeginning = (left: string): boolean => whole.startsWith(left) || twin.startsWith(left);
  const checkpoints = [{ origin: ORIGIN, size: 16, root: rootOf(segments, 16) }];
  const trusts = [
    { trust: await trustFile({ ledgers: [rootKey] }), best: 13, isStill: isBeginning },
    { trust: await trustFile({ ledgers: [rootKey], checkpoints }), best: 0, isStill: (left: string) => left === whole },
  ] as const;
  const dir = await folderOf(new Map());
  let before: ReadonlyMap<string, Buffer> = new Map();
  for (let run = 0; run < runs; run++) {
    const files = KINDS[kind](segments, below, others);
    await refill(dir, before, files);
    before = files;
    const { trust, best, isStill } = trusts[run % 2] ?? trusts[0];
    const verification = await verifyPath(dir, { trust, scanner: scanHere() });
    const which = `${kind}, seed ${seed}, run ${run}: ${verification.findings.map(({ code }) => code).join()}`;
    if (verification.exit === best) expect(isStill(recordsOf(files)), which).toBe(true);
    else expect([11, 12], which).toContain(verification.exit);
    if (run % 10 === 0) expect(await verifyPath(dir, { trust, scanner: scanNothing() }), which).toEqual(verification);
  }
  await rm(dir, { recursive: true });
};
