/** What a detector is: it declares the characters it hangs on and looks only from there. */
import type { MaskingProfile } from '../model/masking-settings.js';
import type { LastLetters } from './endings.js';
import type { MaskName } from './marks.js';

export type DetectorGroup = MaskingProfile['detectors'][number];

/** See `Detector.before`. */
export const EDGE = '\0';
/** What may stand before a word: everything but letters, digits and `_`, and the letters that end escapes and colour sequences. */
export const BEFORE_WORD = `${EDGE}\t\n\r !"#$%&'()*+,-./:;<=>?@[\\]^\`{|}~bfnrtmK`;

/** A text under scan. */
export interface ScanText {
  readonly s: string;
  /** One byte for each unit of `s`: ASCII as it is, 128 or more for everything else. */
  readonly codes: Uint8Array;
  /** Name of the JSON member that holds the text, as context; empty where there is none. */
  readonly name: string;
  /** The raw stage: context counts as given, since a hit there only leads to the exact stage. */
  readonly raw: boolean;
}

/** UTF-16 offsets, end exclusive. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly detector: MaskName;
  /** What makes it secret may stand any distance before it, as the head of a table does. */
  readonly far?: true;
  /** What stands in place of the text, where it is not the mask of the detector. */
  readonly replacement?: string;
}

export interface Detector {
  readonly name: MaskName;
  readonly group: DetectorGroup | 'keys';
  /**
   * Its fingerprint: every match has one of these ASCII characters inside or directly before it.
   * The best anchor is the rarest character of the literal, such as the `K` of `AKIA`.
   */
  readonly anchors: string;
  /**
   * The ASCII characters that may stand directly before the anchor, where not every one may; `EDGE` among them
   * stands for the start of the text and for anything beyond ASCII.
   */
  readonly before?: string;
  /** The same for the character before that one. */
  readonly twoBefore?: string;
  /** The same for the character after the anchor. */
  readonly after?: string;
  /** Where a match begins with a name before the anchor, a quotation mark left out: how that name may end. */
  readonly endings?: LastLetters;
  /**
   * What is found is no secret, but says that the text has another reading, or a name where a table may have it: the exact
   * stage then looks at that as well. The raw stage counts it like any other finding.
   */
  readonly marks?: 'reading' | 'column';
  /**
   * Looks for a match at the anchor at `i`. It never reaches back before `from`, the end of the last
   * finding; what it reads is bounded, or ends up inside the finding, so that a scan takes linear time.
   */
  readonly at: (text: ScanText, i: number, from: number) => Finding | undefined;
}

/** Texts that a detector must, and must not, find something in. A test holds each to its own. */
export interface Examples {
  readonly match: readonly string[];
  readonly noMatch: readonly string[];
}

/** A detector of the list, with what shows how it is meant. */
export type DetectorEntry = Detector & { readonly examples: Examples };

/** A detector that searches a text by itself. */
export interface TextDetector {
  readonly name: MaskName;
  /** Whether the bytes of a message, read as Latin-1, may hold a match; a no is final. */
  mayHold(latin1: string): boolean;
  find(s: string): readonly Finding[];
}

/** A detector on whole runs of base64 characters, for secrets without a literal of their own. */
export interface RunDetector {
  readonly name: MaskName;
  readonly group: DetectorGroup;
  readonly examples: Examples;
  run(text: ScanText, start: number, end: number): Finding | undefined;
}
