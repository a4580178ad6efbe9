import { expect, test } from 'vitest';
import { parseTraceParent, parseTraceState } from '../../src/base/trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

test.each([
  ['00', '01', true],
  ['00', '00', false],
  ['cc', '03', true],
])('version %s, flags %s', (version, flags, sampled) => {
  const expected = { traceId: TRACE, parentId: PARENT, sampled };
  expect(parseTraceParent(`${version}-${TRACE}-${PARENT}-${flags}`)).toEqual(expected);
});

test.each([
  ['no text', ''],
  ['version ff', `ff-${TRACE}-${PARENT}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
  ['a field too many', `00-${TRACE}-${PARENT}-01-x`],
  ['a line after it', `00-${TRACE}-${PARENT}-01\n`],
])('%s is not well formed', (_, text) => {
  expect(parseTraceParent(text)).toBeUndefined();
});

test.each([
  ['one vendor', 'congo=t61rcWkgMzE', 'congo=t61rcWkgMzE'],
  [
    'several, with white space and an empty one',
    'rojo=00f067aa0ba902b7 ,\t, congo=t61rcWkgMzE',
    'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
  ],
  ['a tenant at a vendor', 'fw529a3039@dt=FfTDSWM=', undefined],
  ['a tenant at a vendor, well formed', '5f0@dt=FfTD:SWM;x', '5f0@dt=FfTD:SWM;x'],
  ['spaces inside a value', 'a=b c', 'a=b c'],
])('a state of %s', (_, text, expected) => {
  expect(parseTraceState(text)).toBe(expected);
});

test.each([
  ['nothing', ''],
  ['commas alone', ' , ,'],
  ['no value', 'a='],
  ['no key', '=1'],
  ['capitals in a key', 'A=1'],
  ['a key twice', 'a=1,b=2,a=3'],
  ['a control character', 'a=1\u0007'],
  ['a letter that is not ASCII', 'a=é'],
  ['a value over 256 characters', `a=${'x'.repeat(257)}`],
  ['33 entries', Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(',')],
  ['no end', `a=${'x,'.repeat(10_000)}`],
])('a state of %s says nothing', (_, text) => {
  expect(parseTraceState(text)).toBeUndefined();
});

test('a long state loses its long entries first, then the oldest, which stand last', () => {
  const entries = Array.from({ length: 10 }, (_, i) => `k${i}=${'x'.repeat(60)}`);
  expect(parseTraceState([`long=${'x'.repeat(200)}`, ...entries].join(','))).toBe(entries.slice(0, 8).join(','));
  const whole = `a=${'x'.repeat(254)},b=${'y'.repeat(252)}`;
  expect(whole).toHaveLength(511);
  expect(parseTraceState(whole)).toBe(whole);
});
