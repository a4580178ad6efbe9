import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/base/pace.js';

describe('a pace', () => {
  it('spaces requests that come at once, and lets one through that comes late', async () => {
    let now = 1_000;
    const waits: number[] = [];
    const sleep = (ms: number): Promise<void> => {
      waits.push(ms);
      return Promise.resolve();
    };
    const pace = createPace(2, { monotonic: () => now }, sleep);
    await pace.next();
    expect(waits).toEqual([]);
    await pace.next();
    await pace.next();
    expect(waits).toEqual([500, 1_000]);
    now += 10_000;
    await pace.next();
    expect(waits).toHaveLength(2);
    await pace.next();
    expect(waits.at(-1)).toBe(500);
  });
});
