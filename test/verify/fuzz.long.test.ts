import { randomInt } from 'node:crypto';
import { test } from 'vitest';
import { fuzzLedger, fuzzPackage } from './fuzzing.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const seed = Number(process.env['COUNTERSIGN_SEED'] ?? randomInt(2 ** 31));

test(`random damage to a ledger never improves the verdict (seed ${seed})`, () =>
  fuzzLedger(seed, Math.ceil(20_000 * scale)));
test(`random damage to any file of a package is noticed (seed ${seed})`, () =>
  fuzzPackage(seed, Math.ceil(3000 * scale)));
