/**
 * Precision and recall of every detector over the labelled set of test/masking/quality, as the table of
 * docs/masking.md. Run after `npm run build`: node bench/masking-quality.js
 */
import { createMasker } from '../dist/masking/mask.js';
import { measure, qualityTable } from '../test/masking/quality/measure.mjs';

const mask = createMasker({
  name: 'bench',
  detectors: ['secrets', 'personal', 'network'],
  keys: ['password', 'token', 'secret'],
});

const { rows, nearMisses } = measure(mask, 200);
console.log(qualityTable(rows));
console.log(`\n${nearMisses} texts hold near misses. What was missed, or masked wrongly:`);
for (const { detector, examples } of rows)
  for (const example of new Set(examples.slice(0, 5)))
    console.log(`${detector}: ${JSON.stringify(example).slice(0, 160)}`);
