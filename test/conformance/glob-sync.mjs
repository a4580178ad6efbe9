/** Loaded before the suite: it imports `globSync` of `fs`, which Node has from 22 on, for a command that is not used. */
import { register } from 'node:module';

const hooks = `
  const SOURCE = "import * as fs from 'node:fs'; export * from 'node:fs'; export default fs; export const globSync = () => []";
  const url = 'data:text/javascript,' + encodeURIComponent(SOURCE);
  export const resolve = (specifier, context, next) =>
    /^(node:)?fs$/.test(specifier) && /\\/conformance(-2026)?\\//.test(context.parentURL ?? '')
      ? { url, shortCircuit: true }
      : next(specifier, context);
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
