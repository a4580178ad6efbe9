/** The demo checks itself: the report against what was planted, and verification against one changed byte. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CountersignError } from '../../base/errors.js';
import { expectedExceptions } from '../../demo/plan.js';
import type { Happened } from '../../demo/plan-model.js';
import type { TestResult } from '../../model/evidence.js';

export interface Compared {
  readonly control: string;
  readonly expected: number;
  readonly found: number;
  /** Items that the one has and the other has not. */
  readonly missing: readonly string[];
  readonly surplus: readonly string[];
}

/** Every control with what was planted for it and what the report found; equal item by item, or listed. */
export const compareWithPlan = (results: readonly TestResult[], happened: Happened): readonly Compared[] => {
  const expected = expectedExceptions(happened);
  return results.map(({ control, exceptions }) => {
    const planted = expected.get(control) ?? new Set<string>();
    const found = new Set(exceptions.map(({ item }) => item));
    return {
      control,
      expected: planted.size,
      found: found.size,
      missing: [...planted].filter((item) => !found.has(item)),
      surplus: [...found].filter((item) => !planted.has(item)),
    };
  });
};

export const isEqual = ({ missing, surplus }: Compared): boolean => missing.length === 0 && surplus.length === 0;

/** The minute of a record's time: it stays a valid time, so that only the links of the ledger can tell. */
const TIME = /"t":"\d{4}-\d\d-\d\dT\d\d:\d(\d)/g;

/** The byte of the minute of a record in the middle. */
const offsetOf = (text: string): number => {
  const found = [...text.matchAll(TIME)];
  const middle = found[Math.floor(found.length / 2)];
  if (!middle) throw new CountersignError('DEMO_FAILED', { problem: 'the ledger holds no record' });
  return middle.index + middle[0].length - 1;
};

/** A copy of the package in which one byte of one record is another. */
export const copyWithOneByteChanged = async (
  packageDir: string,
  into: string,
): Promise<{ dir: string; file: string }> => {
  const dir = join(into, basename(packageDir));
  await mkdir(into, { recursive: true });
  await cp(packageDir, dir, { recursive: true });
  const files = await readdir(join(dir, 'ledger'), { recursive: true });
  const name = files.filter((file) => file.endsWith('.jsonl')).sort()[0];
  if (name === undefined) throw new CountersignError('DEMO_FAILED', { problem: 'the package holds no ledger' });
  const file = join(dir, 'ledger', name);
  const bytes = await readFile(file);
  const at = offsetOf(bytes.toString('latin1'));
  bytes.write(bytes.toString('latin1', at, at + 1) === '9' ? '8' : '9', at, 'latin1');
  await writeFile(file, bytes);
  return { dir, file: name };
};
