/** What makes a revision of a package that answers it. */
import { sha256 } from '../base/digest.js';
import type { Response } from '../model/evidence.js';
import type { Staging } from './staging.js';

/** What management answered, and to which package. */
export interface Answers {
  /** All that were ever given, in order, and their files as given, below `responses/`. */
  readonly responses: readonly Response[];
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** The package that is answered: its report, its manifest and the signature of that, byte for byte. */
  readonly to: { readonly report: string; readonly manifest: Uint8Array; readonly signature: Uint8Array };
}

/** Puts the responses, and the signed manifest that they answer, into the package. */
export const writeAnswers = async (staging: Staging, { files, to }: Answers): Promise<void> => {
  for (const { path, bytes } of files) await staging.write(`responses/${path}`, bytes);
  await staging.write('previous/manifest.json', to.manifest);
  await staging.write('previous/manifest.sig', to.signature);
};

/** In one sentence, for the cover. */
export const answersWords = ({ to }: Answers): string =>
  `It answers ${to.report} (manifest ${sha256(to.manifest).slice(0, 16)}…) with the responses of management, and shows the same evidence and results.`;
