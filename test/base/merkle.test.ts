import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCompactRange, emptyRoot, leafHash, nodeHash } from '../../src/base/merkle.js';

/** MTH of RFC 6962 §2.1, as written there. */
const plainRoot = (leaves: readonly Buffer[]): Buffer => {
  const [first] = leaves;
  if (!first) return createHash('sha256').digest();
  if (leaves.length === 1) return leafHash(first);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(plainRoot(leaves.slice(0, split)), plainRoot(leaves.slice(split)));
};

test('the known roots of the Certificate Transparency test vectors', () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const range = createCompactRange();
  expect(range.root()).toEqual(emptyRoot());
  for (const [index, input] of inputs.entries()) {
    range.append(leafHash(Buffer.from(input, 'hex')));
    expect(range.root().toString('hex')).toBe(roots[index]);
  }
});

test('any leaves give the root of RFC 6962, and a copy goes its own way', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 80 }), (inputs) => {
      const leaves = inputs.map((input) => Buffer.from(input));
      const range = createCompactRange();
      for (const leaf of leaves) range.append(leafHash(leaf));
      const copy = range.copy();
      copy.append(leafHash(Buffer.from('more')));
      expect(range.size).toBe(leaves.length);
      expect(range.root()).toEqual(plainRoot(leaves));
      expect(copy.root()).toEqual(plainRoot([...leaves, Buffer.from('more')]));
    }),
  );
});

test('leaves added at once, in any portions, give the roots that they give one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 6 }), (portions) => {
      const [single, atOnce] = [createCompactRange(), createCompactRange()];
      for (const [index, portion] of portions.entries()) {
        const leaves = Array.from({ length: portion }, (_, n) => leafHash(Buffer.from(`${index}/${n}`)));
        for (const leaf of leaves) single.append(leaf);
        atOnce.appendAll(Buffer.concat(leaves));
        expect(atOnce.size).toBe(single.size);
        expect(atOnce.peaks()).toEqual(single.peaks());
      }
    }),
  );
});
