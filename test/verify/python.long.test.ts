import { randomInt } from 'node:crypto';
import { test } from 'vitest';
import { compareDamaged } from './python.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const seed = Number(process.env['COUNTERSIGN_SEED'] ?? randomInt(2 ** 31));

test(`random damage: the verifier in Python comes to the same exit (seed ${seed})`, () =>
  compareDamaged(seed, Math.ceil(5000 * scale)));
