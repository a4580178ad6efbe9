/** `npm run bench -- NAME`: runs one of the benchmarks of this folder. They print figures and judge nothing. */
import { readdirSync } from 'node:fs';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js') && file !== 'run.js')
  .map((file) => file.slice(0, -3));
const [name] = process.argv.slice(2);
if (!name || !names.includes(name)) {
  console.error(`name one of: ${names.join(', ')}`);
  process.exitCode = 2;
} else await import(`./${name}.js`);
