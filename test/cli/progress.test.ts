import { describe, expect, it } from 'vitest';
import { pace } from '../../src/cli/progress.js';

describe('what stands beside a bar', () => {
  it.each([
    [0, 17_000, 10_000, '0/17,000'],
    [100, 17_000, 100, '100/17,000'],
    [8_000, 17_000, 4_000, '8,000/17,000  2,000/s  ETA 0:05'],
    [3, 400, 1_500, '3/400  2.0/s  ETA 3:19'],
    [1, 2, 59_600, '1/2  0.0/s  ETA 1:00'],
    [10, 10, 1_000, '10/10  10/s  ETA 0:00'],
  ])('%i of %i after %i ms: %s', (done, total, elapsed, text) => {
    expect(pace(done, total, elapsed)).toBe(text);
  });
});
