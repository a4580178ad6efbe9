/** Each detector of the list keeps to the examples it declares. */
import { describe, expect, test } from 'vitest';
import type { Examples } from '../../src/masking/detector.js';
import { DETECTORS, RUN_DETECTORS } from '../../src/masking/detectors/index.js';
import { createKeyDetectors } from '../../src/masking/detectors/key-value.js';
import { createKeyNames } from '../../src/masking/keys.js';
import { DETECTOR_IDS } from '../../src/masking/marks.js';
import { createMasker } from '../../src/masking/mask.js';
import { createScanner } from '../../src/masking/scan.js';
import type { MaskingProfile } from '../../src/model/masking-settings.js';

const EVERYTHING: MaskingProfile = { name: 'all', detectors: ['secrets', 'personal', 'network'], keys: ['password'] };
const scanner = createScanner(EVERYTHING);
const mask = createMasker(EVERYTHING);
const detectorsIn = (text: string): readonly string[] => scanner.find(text).map(({ detector }) => detector);

const KEY_DETECTORS = createKeyDetectors(createKeyNames(EVERYTHING.keys, true));
const ENTRIES: readonly { readonly name: string; readonly examples: Examples }[] = [
  ...DETECTORS,
  ...KEY_DETECTORS,
  ...RUN_DETECTORS,
];

describe.each(ENTRIES.map((entry, i) => [`${i} ${entry.name}`, entry] as const))('%s', (_, { name, examples }) => {
  test.each(examples.match)('finds %j', (text) => {
    expect(detectorsIn(text)).toContain(name);
    expect(mask(Buffer.from(JSON.stringify({ text }))).redactions.length).toBeGreaterThan(0);
  });
  test.each(examples.noMatch)('lets %j be', (text) => {
    expect(detectorsIn(text)).not.toContain(name);
  });
});

test('every mask that a detector makes is known as one, and every one known has its detector', () => {
  const made = ['nested-encoding', 'pointer', ...ENTRIES.map(({ name }) => name)];
  expect([...new Set(made)].sort()).toEqual([...DETECTOR_IDS].sort());
});

test.each([...DETECTORS, ...KEY_DETECTORS].map((entry, i) => [`${i} ${entry.name}`, entry] as const))(
  '%s: each example bears a character that the detector hangs on',
  (_, { anchors, examples }) => {
    for (const text of examples.match)
      expect(Array.from(text).some((character) => anchors.includes(character))).toBe(true);
  },
);

test('addresses of machines are left where the profile does not name them', () => {
  const plain = createScanner({ name: 'default', detectors: ['secrets', 'personal'], keys: [] });
  expect(plain.find('from 203.0.113.7 and 2001:db8::8a2e:370:7334')).toEqual([]);
});
