import { randomInt } from 'node:crypto';
import { test } from 'vitest';
import { fuzzLedger, fuzzPackage } from './fuzzing.js';
import { damageSegments } from './structural.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const seed = Number(process.env['COUNTERSIGN_SEED'] ?? randomInt(2 ** 31));

// These two are run in full each time, however short the rest is made.
test(`10,000 random mutations of bytes never improve the verdict (seed ${seed})`, () =>
  damageSegments('bytes', seed, 10_000));
test(`2,000 random mutations of lines, files and checkpoints never improve the verdict (seed ${seed})`, () =>
  damageSegments('structure', seed, 2_000));
test(`random damage to a ledger of one key never improves the verdict (seed ${seed})`, () =>
  fuzzLedger(seed, Math.ceil(20_000 * scale)));
test(`random damage to any file of a package is noticed (seed ${seed})`, () =>
  fuzzPackage(seed, Math.ceil(3000 * scale)));
