/** Power cuts at every operation of a writer that begins a new segment every few records. */
import { expect, test } from 'vitest';
import { surviveFault } from './rotating.js';

test.each([0, 0.5, 1])('share %d of what was not synced survives: acknowledged records stand', async (share) => {
  for (let at = 1; ; at++) {
    const fault = { at, when: 'fault', lasting: true, error: 'the power is gone', share } as const;
    const { reached, segments } = await surviveFault(fault);
    if (reached) continue;
    expect(segments).toBeGreaterThan(4);
    break;
  }
});

test.each([1, 2, 3])(
  'any sectors and names of what was not synced survive (seed %d): acknowledged records stand',
  async (seed) => {
    for (let at = 1; ; at++) {
      const fault = {
        at,
        when: 'after',
        lasting: true,
        error: 'the power is gone',
        share: 0.6,
        scatter: seed * at,
      } as const;
      if (!(await surviveFault(fault)).reached) break;
    }
  },
);
