import { expect, test } from 'vitest';
import { valueAt } from '../../src/base/json-pointer.js';

const DOCUMENT = { a: [{ b: 1 }, null], 'x/y': { 'm~n': 'deep' }, '': 2, '0': 'name' };

test.each([
  ['/a/0/b', 1],
  ['/a/1', null],
  ['/x~1y/m~0n', 'deep'],
  ['/', 2],
  ['/0', 'name'],
  ['/a', [{ b: 1 }, null]],
  ['/a/2', undefined],
  ['/a/00', undefined],
  ['/a/-', undefined],
  ['/a/length', undefined],
  ['/a/1/b', undefined],
  ['/toString', undefined],
  ['/none', undefined],
])('%s', (pointer, value) => {
  expect(valueAt(DOCUMENT, pointer)).toEqual(value);
});
