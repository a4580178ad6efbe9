/**
 * Prints `N passed, N failed` over the reports that vitest wrote, and fails if anything did.
 * Arguments: failures counted elsewhere, then report files. A report without tests is a failure.
 */
import { readFileSync } from 'node:fs';

const [elsewhere, ...files] = process.argv.slice(2);

const countsOf = (file) => {
  const {
    numPassedTests = 0,
    numFailedTests = 0,
    numTotalTests = 0,
    success = false,
    testResults = [],
  } = JSON.parse(readFileSync(file, 'utf8'));
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults?.length,
  );
  const failed = numFailedTests + unloaded.length;
  const unexplained = failed === 0 && (!success || numTotalTests === 0) ? 1 : 0;
  return { passed: numPassedTests, failed: failed + unexplained };
};

const counts = files.map(countsOf);
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
const failed = sum('failed') + Number(elsewhere);
console.log(`${sum('passed')} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
