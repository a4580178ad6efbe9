/**
 * Masking: clear bytes to masked bytes and redactions. Two stages: the raw stage decides on the bytes whether there
 * can be anything; only then the document is parsed, and masks are spliced into the bytes as they came.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { CountersignError } from '../base/errors.js';
import { JsonError, parseJson } from '../base/json.js';
import type { Mask, Redaction } from '../model/redaction.js';
import type { MaskingProfile } from '../model/settings.js';
import { mayHaveItems } from './content.js';
import { createRules } from './document.js';
import { createScanner, type Scanner } from './scan.js';
import { spliceBytes, spliceText } from './splice.js';
import { textEdits } from './text.js';

/** Masks a text that is not JSON: a line of a log, a header, a message of an error. Its redactions have no pointer. */
export type TextMask = (text: string) => { readonly text: string; readonly redactions: readonly Redaction[] };

/** Bytes that cannot be part of a JSON text and would hide what stands between them, such as UTF-16. */
const hasNul = (json: Buffer): boolean => json.includes(0);

const isClean = (scanner: Scanner, json: Buffer): boolean =>
  !hasNul(json) && !mayHaveItems(json) && !scanner.mayHold(json.toString('latin1'), isAscii(json));

/**
 * Masks one JSON document: a JSON-RPC message, its result or its arguments.
 *
 * The buffer itself comes back where nothing is found; else a new one, in which everything outside the masks is the
 * same byte for byte. Masking again changes nothing. An answer's own `id` is never masked.
 * @throws CountersignError MASKING_FAILED where the document is not strict JSON; the caller blocks it. A document in
 * which the raw stage finds nothing is not parsed, so a clean but broken one passes.
 */
export const createMasker = (profile: MaskingProfile): Mask => {
  const rules = createRules(createScanner(profile));
  return (json) => {
    try {
      if (!isUtf8(json)) throw new JsonError('invalid UTF-8', 0);
      if (isClean(rules.scanner, json)) return { bytes: json, redactions: [] };
      const { edits, redactions } = rules.tree(json, parseJson(json), 0);
      return edits.length === 0 ? { bytes: json, redactions: [] } : { bytes: spliceBytes(json, edits), redactions };
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      throw new CountersignError('MASKING_FAILED', { problem: error.message });
    }
  };
};

/** Masks plain text. Never throws. */
export const createTextMasker = (profile: MaskingProfile): TextMask => {
  const rules = createRules(createScanner(profile));
  return (text) => {
    const { edits, masked } = textEdits(rules, text, '', 0);
    if (edits.length === 0) return { text, redactions: [] };
    const redactions = masked.map(({ detector, length }) => ({ detector, pointer: '', length }));
    return { text: spliceText(text, edits), redactions };
  };
};
