/** How a package is tampered with: what each row of the table says, and what the rows share. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../src/base/digest.js';
import { newKey } from '../ledger/samples.js';
import { flip } from './package-edits.js';
import { LEDGER, putRaw, type SamplePackage, type TrailObject } from './package-sample.js';
import { SEGMENT } from './sample.js';
import { TAMPERINGS } from './tampering.js';

export interface PackageTampering {
  readonly name: string;
  /** Who: anyone who can write the files, or whoever holds the report key too and seals the result anew. */
  readonly by: 'anyone' | 'report key';
  readonly code: string;
  /** Hashes as `<hash>`, objects of CloudTrail as `<object>`, their files as `raw/<file>`. */
  readonly sentence: string;
  /** @param sample of which `dir` is the copy that may be changed */
  readonly change: (sample: SamplePackage) => Promise<void>;
}

export type Row = readonly [name: string, code: string, sentence: string, change: PackageTampering['change']];

export const rows = (by: PackageTampering['by'], table: readonly Row[]): readonly PackageTampering[] =>
  table.map(([name, code, sentence, change]) => ({ name, by, code, sentence, change }));

/** Does to the ledger in the package what that row of the tamper table says. */
export const ledger =
  (name: string): PackageTampering['change'] =>
  async ({ dir, ledgerKey }) => {
    const path = join(dir, LEDGER, 'log', SEGMENT);
    const lines = (await readFile(path, 'utf8')).slice(0, -1).split('\n');
    const row = TAMPERINGS.find((one) => one.name === name);
    if (!row) throw new Error(`no tampering ${name}`);
    const changed = row.change(lines, ledgerKey, newKey());
    await writeFile(path, Buffer.isBuffer(changed) ? changed : changed.map((line) => `${line}\n`).join(''));
  };

export const ofKind = ({ trail }: SamplePackage, kind: TrailObject['object']['kind'], nth: number): TrailObject => {
  const found = trail.objects.filter(({ object }) => object.kind === kind).at(nth);
  if (!found) throw new Error(`no ${kind} ${nth}`);
  return found;
};
export const rawFile = ({ object }: TrailObject): string => `raw/${object.sha256.slice(0, 2)}/${object.sha256}`;
export const flipRaw =
  (kind: TrailObject['object']['kind']): PackageTampering['change'] =>
  (sample) =>
    flip(join(sample.dir, rawFile(ofKind(sample, kind, 1))), 20);

/** Puts an object in the place of another, in the index too. */
export const replaceRaw = async (sample: SamplePackage, old: TrailObject, by: Partial<TrailObject>): Promise<void> => {
  const bytes = by.bytes ?? old.bytes;
  const object = { ...(by.object ?? old.object), sha256: sha256(bytes), bytes: bytes.length };
  await rm(join(sample.dir, 'raw'), { recursive: true });
  await putRaw(
    sample.dir,
    sample.trail.objects.map((one) => (one === old ? { object, bytes } : one)),
  );
};

export const swap = async (dir: string, a: string, b: string): Promise<void> => {
  await rename(join(dir, a), join(dir, 'aside'));
  await rename(join(dir, b), join(dir, a));
  await rename(join(dir, 'aside'), join(dir, b));
};

export const altered = (path: string, how = 'its content was changed'): string =>
  `${path}: ${how} after the manifest was signed.`;

export const NOTHING_TO_SEAL = 'manifest.sig signs something else than this package.';
export const [POPULATION, EXCEPTIONS] = ['sql/CS-APP-01.population.sql', 'sql/CS-APP-01.exceptions.sql'];
