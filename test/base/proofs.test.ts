/**
 * Proofs against the public vectors of github.com/transparency-dev/merkle (Apache-2.0): its proofs over the eight
 * leaves of Certificate Transparency, and each of the ways in which it damages them, made here from its description.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCompactRange, leafHash, nodeHash } from '../../src/base/merkle.js';
import { inclusionRoot, isConsistent, rangeRoot } from '../../src/base/proofs.js';
import { TreeProver } from '../../src/base/prover.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (data) => leafHash(hex(data)),
);
const rootOf = (leaves: readonly Buffer[]): Buffer => {
  const range = createCompactRange();
  for (const leaf of leaves) range.append(leaf);
  return range.root();
};
const rootAt = (size: number): Buffer => rootOf(LEAVES.slice(0, size));
const EMPTY_ROOT = hex('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
const SOME_HASH = hex('abacaba000000000000000000000000000000000000000000060061e00123456');

interface InclusionVector {
  readonly index: number;
  readonly size: number;
  readonly leaf: Buffer;
  readonly path: readonly Buffer[];
  readonly root: Buffer;
}
const holds = ({ root, ...proof }: InclusionVector): boolean => inclusionRoot(proof)?.equals(root) === true;

const INCLUSIONS: readonly (readonly [index: number, size: number, path: readonly string[]])[] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

const CONSISTENCIES: readonly (readonly [first: number, second: number, path: readonly string[]])[] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
  [
    6,
    7,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
];

/** Each hash of a path with one bit turned. */
const turned = (path: readonly Buffer[], bit: number): readonly (readonly [string, readonly Buffer[]])[] =>
  path.map((_, i) => [
    `modified proof[${i}]`,
    path.map((hash, k) => (k === i ? Buffer.concat([Buffer.of((hash[0] ?? 0) ^ bit), hash.subarray(1)]) : hash)),
  ]);

describe('inclusion', () => {
  const damaged = (good: InclusionVector): readonly (readonly [string, InclusionVector])[] => {
    const { index, size, path, root } = good;
    const [first = SOME_HASH, ...rest] = path;
    const paths: readonly (readonly [string, readonly Buffer[]])[] = [
      ['trailing garbage', [...path, Buffer.alloc(0)]],
      ['trailing root', [...path, root]],
      ['preceding garbage', [Buffer.alloc(0), ...path]],
      ['preceding root', [root, ...path]],
      ...turned(path, 8),
      ...(path.length > 0 ? ([['removed component', path.slice(0, -1)]] as const) : []),
      ...(path.length > 1 ? ([['inserted component', [first, SOME_HASH, ...rest]]] as const) : []),
    ];
    return [
      ['leafIndex - 1', { ...good, index: index - 1 }],
      ['leafIndex + 1', { ...good, index: index + 1 }],
      ['leafIndex ^ 2', { ...good, index: index ^ 2 }],
      ['treeSize * 2', { ...good, size: size * 2 }],
      ['treeSize / 2', { ...good, size: Math.floor(size / 2) }],
      ['wrong leaf', { ...good, leaf: Buffer.from('WrongLeaf') }],
      ['empty root', { ...good, root: EMPTY_ROOT }],
      ['random root', { ...good, root: SOME_HASH }],
      ...paths.map(([name, changed]) => [name, { ...good, path: changed }] as const),
    ];
  };

  test.each(INCLUSIONS)('leaf %i of %i, and nothing near it', (index, size, path) => {
    const leaf = LEAVES[index] ?? Buffer.alloc(0);
    const good = { index, size, leaf, path: path.map(hex), root: rootAt(size) };
    expect(holds(good)).toBe(true);
    expect(damaged(good).flatMap(([name, vector]) => (holds(vector) ? [name] : []))).toEqual([]);
  });

  test.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [2, 1],
  ])('leaf %i of %i with hashes that are none', (index, size) => {
    for (const [leaf, root] of [
      [SOME_HASH, Buffer.alloc(0)],
      [Buffer.alloc(0), EMPTY_ROOT],
      [SOME_HASH, EMPTY_ROOT],
    ] as const) {
      expect(holds({ index, size, leaf, path: [], root })).toBe(false);
    }
  });
});

describe('consistency', () => {
  type Vector = readonly [first: number, second: number, root1: Buffer, root2: Buffer, path: readonly Buffer[]];
  const agrees = ([first, second, root1, root2, path]: Vector): boolean =>
    isConsistent({ size: first, root: root1 }, { size: second, root: root2 }, path);
  const damaged = ([a, b, root1, root2, path]: Vector): readonly (readonly [string, Vector])[] => {
    const paths: readonly (readonly [string, readonly Buffer[]])[] = [
      ['empty proof', []],
      ['trailing garbage', [...path, Buffer.alloc(0)]],
      ['trailing root1', [...path, root1]],
      ['trailing root2', [...path, root2]],
      ['preceding garbage', [Buffer.alloc(0), ...path]],
      ['preceding root1', [root1, ...path]],
      ['preceding root2', [root2, ...path]],
      ['preceding proof[0]', [...path.slice(0, 1), ...path]],
      ['truncated proof', path.slice(0, -1)],
      ...turned(path, 16),
    ];
    return [
      ['size1 - 1', [a - 1, b, root1, root2, path]],
      ['size1 + 1', [a + 1, b, root1, root2, path]],
      ['size1 ^ 2', [a ^ 2, b, root1, root2, path]],
      ['size2 * 2', [a, b * 2, root1, root2, path]],
      ['size2 / 2', [a, Math.floor(b / 2), root1, root2, path]],
      ['wrong root1', [a, b, Buffer.from('WrongRoot'), root2, path]],
      ['wrong root2', [a, b, root1, Buffer.from('WrongRoot'), path]],
      ['swapped roots', [a, b, root2, root1, path]],
      ...paths.map(([name, changed]) => [name, [a, b, root1, root2, changed]] as const),
    ];
  };

  test.each(CONSISTENCIES)('%i and %i leaves, and nothing near it', (first, second, path) => {
    const good: Vector = [first, second, rootAt(first), rootAt(second), path.map(hex)];
    expect(agrees(good)).toBe(true);
    if (path.length === 0) return;
    expect(damaged(good).flatMap(([name, vector]) => (agrees(vector) ? [name] : []))).toEqual([]);
  });

  test.each([0, 1, 5, 8])('nothing is proved of an empty tree, against one of %i leaves', (size) => {
    expect(agrees([0, size, EMPTY_ROOT, rootAt(size), []])).toBe(false);
    expect(agrees([0, size, EMPTY_ROOT, rootAt(size), [SOME_HASH]])).toBe(false);
  });
});

describe('as RFC 6962 defines them', () => {
  const splitOf = (n: number): number => {
    let k = 1;
    while (k * 2 < n) k *= 2;
    return k;
  };
  /** PATH(m, D[n]) of §2.1.1. */
  const pathOf = (m: number, leaves: readonly Buffer[]): readonly Buffer[] => {
    if (leaves.length <= 1) return [];
    const k = splitOf(leaves.length);
    return m < k
      ? [...pathOf(m, leaves.slice(0, k)), rootOf(leaves.slice(k))]
      : [...pathOf(m - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
  };
  /** SUBPROOF(m, D[n], b) of §2.1.2. */
  const subproof = (m: number, leaves: readonly Buffer[], isWhole: boolean): readonly Buffer[] => {
    if (m === leaves.length) return isWhole ? [] : [rootOf(leaves)];
    const k = splitOf(leaves.length);
    return m <= k
      ? [...subproof(m, leaves.slice(0, k), isWhole), rootOf(leaves.slice(k))]
      : [...subproof(m - k, leaves.slice(k), false), rootOf(leaves.slice(0, k))];
  };
  const many = Array.from({ length: 70 }, (_, n) => nodeHash(leafHash(Buffer.of(n)), leafHash(Buffer.of(n + 1))));

  test('any leaf of any tree, any tree and its begin', () => {
    fc.assert(
      fc.property(fc.nat(69), fc.nat(69), fc.nat(69), (a, b, other) => {
        const [index, size] = [Math.min(a, b), Math.max(a, b) + 1];
        const leaves = many.slice(0, size);
        const leaf = many[index] ?? SOME_HASH;
        const proof = { size, leaf, path: pathOf(index, leaves) };
        expect(inclusionRoot({ ...proof, index })).toEqual(rootOf(leaves));
        if (other !== index) expect(inclusionRoot({ ...proof, index: other })?.equals(rootOf(leaves))).not.toBe(true);
        const first = { size: index + 1, root: rootOf(many.slice(0, index + 1)) };
        const path = subproof(index + 1, leaves, true);
        expect(isConsistent(first, { size, root: rootOf(leaves) }, path)).toBe(true);
        if (other !== index)
          expect(isConsistent({ ...first, size: other + 1 }, { size, root: rootOf(leaves) }, path)).toBe(false);
      }),
    );
  });

  test('what is made from leaves seen once is what the definition says', () => {
    fc.assert(
      fc.property(fc.nat(69), fc.nat(69), fc.array(fc.nat(69), { maxLength: 3 }), (a, b, others) => {
        const [index, size] = [Math.min(a, b), Math.max(a, b) + 1];
        const leaves = many.slice(0, size);
        const prover = new TreeProver([index, ...others]);
        for (const leaf of leaves) prover.append(leaf);
        expect(prover.inclusion(index)).toEqual(pathOf(index, leaves));
        expect(prover.consistency(index + 1)).toEqual(subproof(index + 1, leaves, true));
      }),
    );
  });

  test('leaves that follow one another are all there is between their neighbours', () => {
    fc.assert(
      fc.property(fc.nat(69), fc.nat(69), fc.nat(69), fc.nat(), (a, b, c, which) => {
        const [from = 0, last = 0, end = 0] = [a, b, c].toSorted((x, y) => x - y);
        const size = end + 1;
        const prover = new TreeProver([last]);
        let left: readonly Buffer[] = [];
        for (const [at, leaf] of many.slice(0, size).entries()) {
          if (at === from) left = prover.peaks();
          prover.append(leaf);
        }
        const proof = { from, size, leaves: many.slice(from, last + 1), left, right: prover.after(last) };
        const root = rootOf(many.slice(0, size));
        expect(rangeRoot(proof)).toEqual(root);
        const dropped = proof.leaves.toSpliced(which % proof.leaves.length, 1);
        const isRoot = (found: Uint8Array | undefined): boolean => found !== undefined && root.equals(found);
        expect(isRoot(rangeRoot({ ...proof, leaves: dropped }))).toBe(false);
        expect(isRoot(rangeRoot({ ...proof, from: from + 1 }))).toBe(false);
      }),
    );
  });
});
