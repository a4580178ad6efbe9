import { randomInt } from 'node:crypto';
import { test } from 'vitest';
import { fuzzGateway } from './fuzzing.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const seed = Number(process.env['COUNTERSIGN_SEED'] ?? randomInt(2 ** 31));

test(`damaged requests and event streams (seed ${seed})`, () => fuzzGateway(seed, Math.ceil(100_000 * scale)));
