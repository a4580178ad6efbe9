import { test } from 'vitest';
import { fuzzGateway } from './fuzzing.js';

test('damaged requests and event streams: a few hundred', () => fuzzGateway(1, 400));
