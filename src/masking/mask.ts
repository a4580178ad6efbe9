/**
 * Masking: clear bytes to masked bytes and redactions. Two stages: the raw stage decides on the bytes whether there
 * can be anything; only then the document is parsed, and masks are spliced into the bytes as they came.
 */
import { isUtf8 } from 'node:buffer';
import { CountersignError } from '../base/errors.js';
import { JsonError, type JsonNode, parseJson, parseJsonShared } from '../base/json.js';
import type { MaskingProfile } from '../model/masking-settings.js';
import type { Mask, MaskAbout, MaskedBytes, Redaction } from '../model/redaction.js';
import { compileCustom } from './custom.js';
import { createRules } from './document.js';
import { createChooser, PLAIN, type TokenOf, type Treatment } from './rules.js';
import { createScanner, type Scanner } from './scan.js';
import { spliceBytes, spliceText } from './splice.js';
import { type Outside, type Placed, redactionOf, textEdits, type Where } from './text.js';

/** Masks a text that is not JSON: a line of a log, a header, a message of an error. Its redactions have no pointer. */
export type TextMask = (text: string) => { readonly text: string; readonly redactions: readonly Redaction[] };

/** Makes redactions of what was masked: where values are committed to, with the commitments. */
export type Seal = (masked: readonly Placed[]) => readonly Redaction[];

/** Redactions without their values. */
const withoutValues: Seal = (masked) => masked.map((one) => redactionOf(one, one.pointer));

/** Bytes that cannot be part of a JSON text and would hide what stands between them, such as UTF-16. */
const hasNul = (json: Buffer): boolean => json.includes(0);

/** Looks at the parsed document as well, and says what else is to be masked in its strings. */
export type Analyze = (root: JsonNode) => Promise<Outside>;

/** A masker for the rules that apply to one kind of message. */
interface Masker {
  readonly mask: (json: Buffer, base: string) => MaskedBytes;
  readonly maskWith: (json: Buffer, base: string, analyze: Analyze) => Promise<MaskedBytes>;
}

/** What cannot be parsed is blocked. */
const blocked = (error: unknown): unknown =>
  error instanceof JsonError ? new CountersignError('MASKING_FAILED', { problem: error.message }) : error;

const parsed = (json: Buffer): JsonNode => {
  if (!isUtf8(json)) throw new JsonError('invalid UTF-8', 0);
  return parseJson(json);
};

/** Sets of rules kept compiled at most. */
const MOST_KEPT = 256;

/** What is made once for each key, and kept. */
const createKeeper = <T>(): ((key: string, make: () => T) => T) => {
  const kept = new Map<string, T>();
  return (key, make) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    if (kept.size >= MOST_KEPT) kept.clear();
    const made = make();
    kept.set(key, made);
    return made;
  };
};

/** The scanners of a profile, which take long to make: rules that make the same names secret share one. */
const createScanners = (profile: MaskingProfile): ((treatment: Treatment) => Scanner) => {
  const custom = (profile.custom ?? []).map(compileCustom);
  const kept = createKeeper<Scanner>();
  return ({ keys }) => kept(JSON.stringify(keys), () => createScanner(profile, { custom, keys }));
};

const createOne = (scannerFor: (treatment: Treatment) => Scanner, treatment: Treatment, seal: Seal): Masker => {
  const rules = createRules(scannerFor(treatment), treatment);
  const masked = (json: Buffer, root: JsonNode, base: string, where: Where): MaskedBytes => {
    const found = rules.tree(json, root, 0, () => base, where);
    return found.edits.length === 0
      ? { bytes: json, redactions: [] }
      : { bytes: spliceBytes(json, found.edits), redactions: seal(found.masked) };
  };
  return {
    mask: (json, base) => {
      try {
        if (!isUtf8(json)) throw new JsonError('invalid UTF-8', 0);
        const everywhere = treatment.byPlace || hasNul(json);
        const hits = everywhere ? undefined : rules.scanner.look(json);
        if (!everywhere && !hits) return { bytes: json, redactions: [] };
        return masked(json, parseJsonShared(json, json.toString('latin1')), base, { hits });
      } catch (error) {
        throw blocked(error);
      }
    },
    maskWith: async (json, base, analyze) => {
      try {
        const root = parsed(json);
        return masked(json, root, base, { outside: await analyze(root) });
      } catch (error) {
        throw blocked(error);
      }
    },
  };
};

/** What a profile's masks need beside it. */
export interface MaskerDeps {
  /** For the mode `token`. */
  readonly tokenOf: TokenOf;
  /** Absent: redactions bear no commitments. */
  readonly seal?: Seal;
  /** An outside analyzer, asked about every document. Where it fails, the document is blocked. */
  readonly analyze?: Analyze | undefined;
}

/**
 * The masks of a profile, one for each message: its server and its circumstances choose the rules.
 *
 * The buffer itself comes back where nothing is found; else a new one, in which everything outside the masks is the
 * same byte for byte. Masking again changes nothing. The `id` of an answer to a client is never masked.
 * The mask throws, or rejects, with CountersignError MASKING_FAILED where the document is not strict JSON or the
 * analyzer gave no answer, MASKING_BLOCKED where a rule blocks. A document in which the raw stage finds nothing is not
 * parsed, so a clean but broken one passes.
 */
export const createMaskers = (profile: MaskingProfile, { tokenOf, seal = withoutValues, analyze }: MaskerDeps) => {
  const scannerFor = createScanners(profile);
  const choose = createChooser(profile, tokenOf);
  const kept = createKeeper<Masker>();
  return (server: string, about: MaskAbout) => {
    const { key, treatment } = choose(server, about);
    const { mask, maskWith } = kept(key, () => createOne(scannerFor, treatment(), seal));
    return analyze
      ? (json: Buffer): Promise<MaskedBytes> => maskWith(json, about.base, analyze)
      : (json: Buffer): MaskedBytes => mask(json, about.base);
  };
};

/** Masks JSON documents with the detectors and names of a profile, without its rules: every finding is redacted. */
export const createMasker = (profile: MaskingProfile): Mask => {
  const { mask } = createOne(createScanners(profile), PLAIN, withoutValues);
  return (json) => mask(json, '');
};

/** Masks plain text with the detectors and names of a profile. Never throws. */
export const createTextMasker = (profile: MaskingProfile): TextMask => {
  const rules = createRules(createScanners(profile)(PLAIN));
  return (text) => {
    const { edits, masked } = textEdits(rules, text, { name: '', pointer: () => '' }, 0);
    if (edits.length === 0) return { text, redactions: [] };
    return { text: spliceText(text, edits), redactions: masked.map((one) => redactionOf(one, '')) };
  };
};
