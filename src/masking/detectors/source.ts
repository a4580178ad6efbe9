/**
 * Texts that are the source of a program. There a value behind a secret name is a literal in quotes, or an expression,
 * which is no secret; in other texts a bare word may be one.
 */
import type { ScanText } from '../detector.js';

/** Characters of a value looked at. */
export const REACH = 96;
/** Characters of a text looked at: the beginning says what it is. */
const LOOKED_AT = 16_384;
/** What stands in source and hardly in prose, logs or configuration. */
const MARKS = new RegExp(
  [
    String.raw`\b(?:function|def|fn|func) {0,2}[\w$]{0,60}\(`,
    String.raw`\b(?:export|declare|public|private|protected|static|readonly) (?:default |declare |async |abstract |static |readonly )?(?:const|let|var|type|class|enum|interface|function|final|void|[A-Za-z]{1,30}[:;(=])`,
    String.raw`\b(?:const|let|var|type) [\w$]{1,60}(?:: [\w$<>[\]|]{1,60})? = `,
    String.raw`\b(?:import|export)[ {*].{1,200}\bfrom ?['"]`,
    String.raw`\brequire\(['"]`,
    String.raw`\) ?=>|=> [{([]|\w=>[\w({[]`,
    String.raw`\breturn [\w$.]{1,60}[;(.]`,
    String.raw`\bif \(.{1,100}\) ?(?:\{|return\b)`,
    String.raw`\}\)?;(?:\n|$)`,
    String.raw`\b(?:interface|class|enum|struct|impl) [A-Z][\w$<>, ]{0,60} ?(?:extends [\w$.<>, ]{1,60} ?)?\{`,
    String.raw`\): (?:Promise<|void|string|number|boolean|[A-Z][A-Za-z]{1,40}[;<[ ])`,
  ].join('|'),
  'g',
);
const FEWEST_MARKS = 3;
/** Characters of text to one mark at most: what bears fewer is a text about programs. */
const PER_MARK = 1_000;

const judge = (s: string): boolean => {
  const head = s.slice(0, LOOKED_AT);
  const needed = Math.max(FEWEST_MARKS, head.length / PER_MARK);
  let marks = 0;
  for (const _ of head.matchAll(MARKS)) if (++marks >= needed) return true;
  return false;
};

const judged = new WeakMap<ScanText, boolean>();

/** Looked up once for each text under scan. */
const isProgram = (text: ScanText): boolean => {
  const known = judged.get(text);
  if (known !== undefined) return known;
  const program = judge(text.s);
  judged.set(text, program);
  return program;
};

/** Where a value without quotes stands. */
export interface BarePlace {
  /** Where the secret part of the name begins. */
  readonly name: number;
  readonly separator: number;
  readonly start: number;
  /** Whether the name is in quotes. */
  readonly quoted: boolean;
}

/** In source: an identifier, or members of one, before a sign that goes on with or ends an expression or a type. */
const OPERAND =
  /^(?:await |new |typeof |readonly |keyof )?[\w$]{1,80}(?:(?:\??\.|::)[\w$]{1,80}){0,8}!?(?:[,;)(<[?]| (?:[=!]==? |[|&?<>+*-]{1,2} |=>? |as |extends |\? |\}[;),])|\r?\n\s{0,40}[}\])])/;
/** The same where no blanks are left: names are short there, but for those of members. */
const SHORT =
  /^(?:function\b|!+(?:[01]\b|\(|[\w$]{1,3}[.(,;)}\]])|[({]|void 0|null[,;)}]|[\w$]{1,3}(?:[,;)}\]?]|&&|[=!]=)|(?:[\w$]{1,3}|this)(?:\??\.|\[)[\w$.?]{1,80}[[\]()},;:?+&|!=]|[\w$.]{1,60}\()/;
/** Where the quoted name of a member stands before it, an identifier of any form is an expression. */
const IDENTIFIER = /^(?!(?:true|false|null)\b)(?:\(|[A-Za-z_$][\w$]{0,80}(?![\w$]))/;
/** `token: accessToken`, `Token: SSOToken`: ends with the name. */
const NAMESAKE = /^[A-Za-z_$]{1,64}(?=[\s,;)}\]]|$)/;
/** An object, a function, a pattern, a negation. What an object holds has names of its own. */
const COMPOUND = /^(?:[({!]|\/[^/*]|(?:async )?function\b|class\b)/;
/** A list of literals alone may be one of secrets; one that goes on past the text looked at may too. */
const LITERALS = /^\[\s*(?:["'`][^"'`]*["'`]\s*,?\s*)+(?:\]|$)/;
/** Kinds of token and flags are numbered. */
export const SMALL_NUMBER = /^(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,3})(?=[\s,;)}]|$)/;
/** How far back a line is looked at. */
const LINE_REACH = 400;

const COMMENT = /^\s*(?:\/\/|\*|\/\*|#|<!--)/;
/** Quotation marks, a bit each. */
const QUOTATION = Uint8Array.from({ length: 128 }, (_, code) => [0x22, 0x27, 0x60].indexOf(code) + 1);

/**
 * Whether the end of a line's part is text: in a comment, as far as the line shows it, or in a quotation that is open.
 * An apostrophe counts as one.
 */
const isText = (line: string): boolean => {
  if (COMMENT.test(line)) return true;
  let open = 0;
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code === 0x2f && line.startsWith(' // ', i - 1)) return true;
    open ^= 1 << (QUOTATION[code] ?? 0);
  }
  // The lowest bit is that of everything else.
  return open > 1;
};

/** The part of the line before the separator; undefined where the line is longer than programs are written. */
const lineBefore = (s: string, { name, separator }: BarePlace): string | undefined => {
  const low = Math.max(0, name - LINE_REACH);
  // Never further back than that: a line may be as long as its text.
  const window = s.slice(low, separator);
  const newline = window.lastIndexOf('\n');
  return newline < 0 && low > 0 ? undefined : window.slice(newline + 1);
};

/** What goes by the same letters, whatever its writing. */
export const lettersOf = (text: string): string => text.replace(/[^A-Za-z]/g, '').toLowerCase();

const isNamesake = (text: string, name: string): boolean => {
  const same = NAMESAKE.exec(text)?.[0];
  return same !== undefined && lettersOf(same).endsWith(lettersOf(name));
};

const isOperand = (text: string): boolean =>
  text.startsWith('[') ? !LITERALS.test(text) : COMPOUND.test(text) || SMALL_NUMBER.test(text) || OPERAND.test(text);

/** Whether the text is a program, and what stands in it at `start` an expression. */
export const isInSource = (whole: ScanText, place: BarePlace): boolean => {
  if (!isProgram(whole)) return false;
  const { s } = whole;
  const { name, separator, start, quoted } = place;
  const text = s.slice(start, start + REACH);
  const line = lineBefore(s, place);
  if (line === undefined) return SHORT.test(text);
  const isQuotation = isText(line);
  if (start === separator + 1) return !isQuotation && SHORT.test(text);
  if (isNamesake(text, s.slice(name, separator))) return true;
  // Behind a name in quotes JSON may stand as well.
  return !isQuotation && (quoted ? IDENTIFIER.test(text) : isOperand(text));
};
