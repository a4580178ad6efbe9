/** `npm run wasm`: assembles `src/masking/prefilter.wat` into the file of source that holds it. */
import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const source = new URL('../src/masking/prefilter.wat', import.meta.url);
const target = new URL('../src/masking/prefilter-wasm.ts', import.meta.url);
const COLUMNS = 112;

const assembler = await wabt();
const parsed = assembler.parseWat('prefilter.wat', readFileSync(source, 'utf8'), { simd: true });
parsed.resolveNames();
parsed.validate();
const base64 = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
const lines = base64.match(new RegExp(`.{1,${COLUMNS}}`, 'g')).map((line) => `  '${line}'`);
writeFileSync(
  target,
  `/** Assembled from prefilter.wat by \`npm run wasm\`: WebAssembly in base64. */\nexport const PREFILTER =\n${lines.join(' +\n')};\n`,
);
