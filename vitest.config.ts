import { defineConfig } from 'vitest/config';

/** Full counts (fuzz, crash, soak, races) are in `*.long.test.ts`, run by `npm run test:long`. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.long.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true,
    // One more than the two cores of the smallest machine: many tests wait, for time-outs and limits of rate.
    maxWorkers: 3,
    coverage: { include: ['src/**'], reporter: ['text-summary'] },
  },
});
