import { defineConfig } from 'vitest/config';

/** COUNTERSIGN_LONG=0.1 runs a tenth of the counts, as CI does; the seed is printed. */
export default defineConfig({
  test: {
    include: ['test/**/*.long.test.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
    maxWorkers: 1,
  },
});
