import fc from 'fast-check';
import { getCountries, getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { expect, test } from 'vitest';
import { isPlannedNumber } from '../../src/masking/detectors/phone-plans.js';

const judged = (digits: string): boolean => parsePhoneNumberFromString(`+${digits}`)?.isValid() === true;

const SAMPLES = getCountries().flatMap((country) => getExampleNumber(country, examples)?.number.slice(1) ?? []);
const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: length, maxLength: length });

test('a number of every country is one', () => {
  expect(SAMPLES.length).toBeGreaterThan(200);
  expect(SAMPLES.filter((number) => !isPlannedNumber(number))).toEqual([]);
});

test('what libphonenumber calls valid is a number of a plan', () => {
  const near = fc
    .tuple(fc.constantFrom(...SAMPLES), digits(6), fc.nat(6), fc.constantFrom('', '0', '1', '8'))
    .map(([number, other, kept, prefix]) =>
      `${number.slice(0, 3)}${prefix}${number.slice(3, 3 + kept)}${other}`.slice(0, 15),
    );
  fc.assert(
    fc.property(fc.oneof(near, digits(11), digits(13)), (number) => !judged(number) || isPlannedNumber(number)),
    { numRuns: 20_000 },
  );
});

test('and hardly any other is', () => {
  const numbers = fc.sample(fc.oneof(digits(10), digits(11), digits(12)), { numRuns: 20_000, seed: 7 });
  const wrong = numbers.filter((number) => isPlannedNumber(number) && !judged(number));
  expect(wrong.length / numbers.length).toBeLessThan(0.01);
});
