import { expect, test } from 'vitest';
import { parseTraceParent } from '../../src/base/trace-context.js';

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
