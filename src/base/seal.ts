/** The two signatures of an evidence package, in one place for the one who writes and the one who checks. */
import { canonical } from './canonical.js';
import { sha256 } from './digest.js';
import type { JsonObject } from './json.js';
import { type NoteSigner, signNote } from './note.js';

/**
 * The signed text of `manifest.sig`.
 * @param hash SHA-256 of `manifest.json` as it lies on disk, hex
 */
export const manifestText = (hash: string): string => `countersign/manifest/v1\n${hash}\n`;

/** The signed text of `run.json`: over its canonical JSON without `signature`. */
export const runText = (run: JsonObject): string => `countersign/run/v1\n${sha256(canonical(run))}\n`;

/**
 * `run.json` as it lies on disk: canonical JSON and a line feed. The member `manifest` is the SHA-256 of
 * `manifest.json`; `signature` is a signed note over `runText`.
 */
export const sealRun = (run: JsonObject & { readonly manifest: string }, signers: readonly NoteSigner[]): string =>
  `${canonical({ ...run, signature: signNote(runText(run), signers) })}\n`;
