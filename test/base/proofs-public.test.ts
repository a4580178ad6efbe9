/** Every public proof of transparency-dev/merkle, good and damaged: taken or refused as its authors say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inclusionRoot, isConsistent } from '../../src/base/proofs.js';

const folder = join(import.meta.dirname, '../vectors/transparency-dev');
const hash = z.base64().transform((text) => Buffer.from(text, 'base64'));
const path = z
  .array(hash)
  .nullable()
  .transform((hashes) => hashes ?? []);
const read = <T>(name: string, row: z.ZodType<T>): readonly T[] =>
  z.array(row).parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));

const inclusions = read(
  'inclusion.json',
  z.strictObject({
    name: z.string(),
    leafIdx: z.number(),
    treeSize: z.number(),
    root: hash,
    leafHash: hash,
    proof: path,
    wantErr: z.boolean(),
  }),
);
const consistencies = read(
  'consistency.json',
  z.strictObject({
    name: z.string(),
    size1: z.number(),
    size2: z.number(),
    root1: hash,
    root2: hash,
    proof: path,
    wantErr: z.boolean(),
  }),
);

describe('public proofs', () => {
  it('are all there', () => {
    expect([inclusions.length, consistencies.length]).toEqual([98, 98]);
  });

  it.each(inclusions)(
    'of inclusion: $name (refused: $wantErr)',
    ({ leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
      const found = inclusionRoot({ index: leafIdx, size: treeSize, leaf: leafHash, path: proof });
      expect(found?.equals(root) === true).toBe(!wantErr);
    },
  );

  it.each(consistencies)(
    'of consistency: $name (refused: $wantErr)',
    ({ size1, size2, root1, root2, proof, wantErr }) => {
      // One good row has a text of twelve bytes for both roots: here, what is no SHA-256 is no root.
      const areHashes = [root1, root2].every(({ length }) => length === 32);
      expect(isConsistent({ size: size1, root: root1 }, { size: size2, root: root2 }, proof)).toBe(
        !wantErr && areHashes,
      );
    },
  );
});
