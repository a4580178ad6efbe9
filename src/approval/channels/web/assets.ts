/** Files of the page, from this package alone. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packaged = (name: string): Buffer =>
  readFileSync(new URL(`../../../../templates/approvals/${name}`, import.meta.url));
const font = (weight: string): Buffer =>
  readFileSync(fileURLToPath(import.meta.resolve(`@expo-google-fonts/source-sans-3/${weight}`)));

/** The bundle that the package ships for browsers; its entry point is `esm/index.js`. */
const webauthn = (): Buffer =>
  readFileSync(new URL('../dist/bundle/index.umd.min.js', import.meta.resolve('@simplewebauthn/browser')));

/** By name. Read once. */
export const createAssets = (): ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }> =>
  new Map([
    ['page.css', { type: 'text/css; charset=utf-8', bytes: packaged('page.css') }],
    ['page.js', { type: 'text/javascript; charset=utf-8', bytes: packaged('page.js') }],
    ['passkey.js', { type: 'text/javascript; charset=utf-8', bytes: packaged('passkey.js') }],
    ['webauthn.js', { type: 'text/javascript; charset=utf-8', bytes: webauthn() }],
    ['400.ttf', { type: 'font/ttf', bytes: font('400Regular/SourceSans3_400Regular.ttf') }],
    ['600.ttf', { type: 'font/ttf', bytes: font('600SemiBold/SourceSans3_600SemiBold.ttf') }],
  ]);
