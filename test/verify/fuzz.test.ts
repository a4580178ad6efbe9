import { test } from 'vitest';
import { fuzzLedger, fuzzPackage } from './fuzzing.js';
import { damageSegments } from './structural.js';

test('random damage to a ledger never improves the verdict', () => fuzzLedger(1, 150));
test('random damage to bytes of several segments', () => damageSegments('bytes', 1, 200));
test('random damage to lines, files and checkpoints', () => damageSegments('structure', 1, 300));
test('random damage to any file of a package is noticed', () => fuzzPackage(1, 60));
