/** The pass in WebAssembly: what is told by it, against the same told by looking at every byte. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import wabt from 'wabt';
import { isPlausible } from '../../src/masking/base64.js';
import type { Line } from '../../src/masking/base64-runs.js';
import { BASE64, is } from '../../src/masking/chars.js';
import type { Detector } from '../../src/masking/detector.js';
import { DETECTORS } from '../../src/masking/detectors/index.js';
import { createKeyDetectors } from '../../src/masking/detectors/key-value.js';
import { createTableDetectors } from '../../src/masking/detectors/table.js';
import { Dispatch } from '../../src/masking/dispatch.js';
import { createKeyNames } from '../../src/masking/keys.js';
import { CHUNK } from '../../src/masking/prefilter.js';
import { PREFILTER } from '../../src/masking/prefilter-wasm.js';
import { READINGS } from '../../src/masking/raw.js';
import { PIECES, PROFILE, SECRETS } from './samples.js';

const names = createKeyNames(PROFILE.keys, true);
const detectors: readonly Detector[] = [
  ...DETECTORS,
  ...createKeyDetectors(names),
  ...createTableDetectors(names),
  ...READINGS,
];
const dispatch = new Dispatch(detectors);

/** A set of characters holds a byte; what is beyond ASCII counts as the edge of the text, save as an anchor. */
const holds = (set: string | undefined, byte: number): boolean =>
  set === undefined || set.includes(String.fromCharCode(byte < 128 ? byte : 0));
const byteAt = (codes: Uint8Array, i: number): number => codes[i] ?? 0;

/** Every place where the fingerprint of a detector is, in the order of the list. */
const expected = (codes: Uint8Array): readonly string[] =>
  Array.from(codes, (byte, i) =>
    detectors.flatMap((one, number) =>
      one.anchors.includes(String.fromCharCode(byte)) &&
      holds(one.before, byteAt(codes, i - 1)) &&
      holds(one.after, byteAt(codes, i + 1)) &&
      holds(one.twoBefore, byteAt(codes, i - 2))
        ? [number]
        : [],
    ),
  ).map((list) => list.join());

interface Told {
  readonly places: ReadonlyMap<number, string>;
  readonly runs: readonly Line[];
}
const told = (codes: Uint8Array): Told => {
  const places = new Map<number, string>();
  const runs: Line[] = [];
  for (let start = 0; start < codes.length; start += CHUNK) {
    const count = dispatch.look(codes, start);
    dispatch.addRuns(codes, start, runs);
    for (const place of dispatch.places.subarray(0, count)) {
      const list = dispatch.detectors(place & 0xffff).map((one) => detectors.indexOf(one));
      places.set(start + (place >>> 16), list.join());
    }
  }
  return { places, runs };
};

const runsIn = (codes: Uint8Array): readonly (readonly [start: number, end: number])[] =>
  Array.from(
    Buffer.from(codes)
      .toString('latin1')
      .matchAll(/[A-Za-z0-9+/_-]{12,}/g),
    ({ index, 0: run }) => [index, index + run.length],
  );

/** The runs are told, save for short ones that cannot be text, nor without the letter of an escape before them. */
const checkRuns = (codes: Uint8Array, runs: readonly Line[]): void => {
  const known = new Map(runs.map((run) => [run.start, run]));
  for (const [start, end] of runsIn(codes)) {
    const run = known.get(start);
    known.delete(start);
    if (run) expect(run.end).toBe(end);
    else expect(end - start).toBeLessThan(40);
    if (!run?.text) expect(isPlausible(codes, start, end) || isPlausible(codes, start + 1, end)).toBe(false);
  }
  expect([...known]).toEqual([]);
};

/** What is left out: places where every detector hangs on a name, and none ends so. */
const isOrdinary = (codes: Uint8Array, i: number, list: string): boolean => {
  const last = codes[i - 1] === 0x22 ? i - 2 : i - 1;
  return (
    list.split(',').every((number) => detectors[Number(number)]?.endings !== undefined) &&
    names.before(Buffer.from(codes).toString('latin1'), last + 1, 0) === undefined &&
    is(String.fromCharCode(byteAt(codes, last)), 0, BASE64)
  );
};

const check = (codes: Uint8Array): void => {
  const { places, runs } = told(codes);
  checkRuns(codes, runs);
  for (const [i, list] of expected(codes).entries()) {
    if (places.has(i)) expect(`${i}: ${places.get(i)}`).toBe(`${i}: ${list}`);
    else if (list !== '') expect(isOrdinary(codes, i, list), `${i}: ${list}`).toBe(true);
  }
};

const pieces = [
  ...PIECES,
  ...SECRETS.map(([, secret]) => secret),
  '{"name":"x","id": 7}',
  'ab9_password-2":',
  '0'.repeat(40),
  'cGFzc3dvcmQ6IGh1bnRlcjI',
  '4f9c-41d8_be2a/7',
  'w7zDvMO8',
  'aGk',
  '-',
];

test('every place where a fingerprint is, and every run of base64 that may be text, in any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 300 });
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')));
  fc.assert(fc.property(text, check), { numRuns: 300 });
});

test('also where one look ends and the next begins', () => {
  const text = fc.array(fc.constantFrom(...pieces), { minLength: 3, maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.nat({ max: 120 }), (one, back) => {
      const lead = '.'.repeat(CHUNK - Math.min(back, one.length));
      check(Buffer.from(lead + one));
    }),
    { numRuns: 20 },
  );
  check(Buffer.alloc(3 * CHUNK + 7, 'a'));
});

test('the bytes of the module are those of its source', async () => {
  const file = new URL('../../src/masking/prefilter.wat', import.meta.url);
  const assembler = await wabt();
  const parsed = assembler.parseWat('prefilter.wat', readFileSync(file, 'utf8'), { simd: true });
  expect(Buffer.from(parsed.toBinary({}).buffer).toString('base64')).toBe(PREFILTER);
});
