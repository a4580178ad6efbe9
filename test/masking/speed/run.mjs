/** Prints the timings of the built masker as JSON. */
import { baits } from '../../../dist/masking/canary.js';
import { createMasker } from '../../../dist/masking/mask.js';
import { corpora } from './corpora.mjs';
import { timings } from './timing.mjs';

const keys = ['password', 'token', 'secret'];
const mask = createMasker({ name: 'speed', detectors: ['secrets', 'personal'], keys });
console.log(JSON.stringify(timings(mask, corpora(mask, baits))));
