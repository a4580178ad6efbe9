import { test } from 'vitest';
import { fuzzLedger, fuzzPackage } from './fuzzing.js';

test('random damage to a ledger never improves the verdict', () => fuzzLedger(1, 400));
test('random damage to any file of a package is noticed', () => fuzzPackage(1, 60));
