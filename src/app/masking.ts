/** The masks of a gateway, put together from settings. */
import type { KeyedDigester } from '../base/digest.js';
import { createMaskers, type Seal } from '../masking/mask.js';
import { createPresidio } from '../masking/presidio.js';
import { createSealMessage } from '../masking/sealed.js';
import type { MaskingProfile } from '../model/masking-settings.js';
import type { MaskFor, SealMessage } from '../model/redaction.js';
import type { Settings } from '../model/settings.js';
import { readText } from './read-text.js';

/** For texts that belong to no server. */
const DEFAULT_MASKING: MaskingProfile = { name: 'default', detectors: ['secrets', 'personal'], keys: [] };

/** The profile of what belongs to no server: of logs, and of what reviewers write. */
export const commonProfile = ({ masking }: Pick<Settings, 'masking'>): MaskingProfile => masking[0] ?? DEFAULT_MASKING;

/** Seals to the auditor's key that the settings name. @throws CountersignError KEY_FILE */
export const sealMessageTo = async ({ sealTo }: Pick<Settings, 'sealTo'>): Promise<SealMessage | undefined> => {
  if (typeof sealTo !== 'string') return undefined;
  const text = await readText(sealTo);
  return createSealMessage(text.toString('utf8'), sealTo);
};

export interface MaskForDeps {
  readonly digest: KeyedDigester;
  /** Absent: redactions bear no commitments. */
  readonly seal?: Seal;
}

/** The masks of all profiles. What names no profile is a defect, and throws: nothing passes unmasked. */
export const createMaskFor = ({ masking }: Pick<Settings, 'masking'>, { digest, seal }: MaskForDeps): MaskFor => {
  const tokenOf = (value: string): string => digest('mask-token', value).split(':')[2] ?? '';
  const byName = new Map(
    masking.map((profile) => {
      const analyze = profile.presidio ? createPresidio(profile.presidio, fetch) : undefined;
      return [profile.name, createMaskers(profile, { tokenOf, analyze, ...(seal ? { seal } : {}) })];
    }),
  );
  return (server, about) => {
    const name = about.profile ?? server.masking;
    const maskers = byName.get(name);
    if (!maskers) throw new Error(`there is no masking profile ${name}`);
    return maskers(server.id, about);
  };
};
