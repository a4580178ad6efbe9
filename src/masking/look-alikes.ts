/**
 * Letters of other scripts that look like Latin ones (Unicode UTS #39, confusables.txt: Cyrillic and Greek). In a word of
 * one script they are what they are; directly beside Latin letters or digits they are read as what they look like.
 */

const PAIRS =
  'аa еe оo рp сc хx уy іi ѕs јj һh ԁd ԛq ԝw ӏl кk тt мm вb нh АA ВB ЕE ЅS ІI ЈJ КK МM НH ОO РP СC ТT УY ХX ԌG ԚQ ԜW ' +
  'αa οo ρp υu νv ιi κk τt χx ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX';

const LATIN: ReadonlyMap<number, number> = new Map(
  PAIRS.split(' ').map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
);

/** Letters of one word looked at. */
const REACH = 16;

const isLatin = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;

/** Whether past the letters that look alike, from `i` on in steps of `step`, a Latin letter or digit stands. */
const leadsToLatin = (s: string, i: number, step: 1 | -1): boolean => {
  for (let at = i + step, seen = 0; seen < REACH; at += step, seen++) {
    const code = s.charCodeAt(at);
    if (isLatin(code)) return true;
    if (!LATIN.has(code)) return false;
  }
  return false;
};

/** The Latin letter that the letter at `i` is read as; undefined where it is what it is. */
export const latinAt = (s: string, i: number): number | undefined => {
  const latin = LATIN.get(s.charCodeAt(i));
  return latin !== undefined && (leadsToLatin(s, i, -1) || leadsToLatin(s, i, 1)) ? latin : undefined;
};

/** The first two bytes of them in UTF-8, `first * 256 + second`, 1 each. */
const BYTES = new Uint8Array(256 * 256);
for (const code of LATIN.keys()) BYTES[((0xc0 | (code >> 6)) << 8) | 0x80 | (code & 63)] = 1;

/** The bytes they begin with, as Latin-1. */
export const LOOK_ALIKE_STARTS = '\xce\xcf\xd0\xd1\xd2\xd3\xd4';

/** Whether one stands at byte `i` of UTF-8 read as Latin-1, directly beside a Latin letter or digit; a no is final. */
export const isLookAlikeAt = (latin1: string, i: number): boolean =>
  BYTES[((latin1.charCodeAt(i) << 8) | latin1.charCodeAt(i + 1)) & 0xffff] === 1 &&
  (isLatin(latin1.charCodeAt(i - 1)) || isLatin(latin1.charCodeAt(i + 2)));
