/** Verifies the quick way and line by line: one verdict, in the same words. */
import { expect } from 'vitest';
import type { Verification } from '../../src/model/evidence.js';
import { scanHere, scanNothing } from '../../src/verify/scan/scanner.js';
import { verifyPath } from '../../src/verify/verify.js';

export const verifyBothWays = async (dir: string, trust: string, which = dir): Promise<Verification> => {
  const quick = await verifyPath(dir, { trust, scanner: scanHere() });
  const slow = await verifyPath(dir, { trust, scanner: scanNothing() });
  expect(quick, which).toEqual(slow);
  return quick;
};
