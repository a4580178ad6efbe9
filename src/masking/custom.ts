/** Detectors of the configuration. Their patterns run in linear time: RE2 has no look-around and no references back. */
import { RE2JS } from 're2js';
import { reason } from '../base/errors.js';
import type { CustomDetector } from '../model/masking-settings.js';
import type { Examples, Finding, TextDetector } from './detector.js';
import { isLuhn } from './luhn.js';

/** Longest pattern, in characters. */
const LONGEST_PATTERN = 500;

const compiled = ({ pattern, ignoreCase }: Pick<CustomDetector, 'pattern' | 'ignoreCase'>): RE2JS =>
  RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);

const passes = ({ validate }: Pick<CustomDetector, 'validate'>, value: string): boolean =>
  validate === 'none' || isLuhn(value.replace(/[^0-9]/g, ''));

const holdsKeyword = (keywords: readonly string[], text: string): boolean => {
  if (keywords.length === 0) return true;
  const lower = text.toLowerCase();
  return keywords.some((keyword) => lower.includes(keyword.toLowerCase()));
};

const search = (detector: CustomDetector, pattern: RE2JS, s: string): readonly Finding[] => {
  if (!holdsKeyword(detector.keywords, s)) return [];
  const findings: Finding[] = [];
  const matcher = pattern.matcher(s);
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (end > start && passes(detector, s.slice(start, end))) findings.push({ start, end, detector: detector.id });
  }
  return findings;
};

/** @throws where `customProblem` would name a problem */
export const compileCustom = (detector: CustomDetector): TextDetector => {
  const pattern = compiled(detector);
  return {
    name: detector.id,
    mayHold: (latin1) => holdsKeyword(detector.keywords, latin1),
    find: (s) => search(detector, pattern, s),
  };
};

/** Why a detector cannot be used, in words; undefined where it can. */
export const customProblem = (detector: CustomDetector, { match, noMatch }: Examples): string | undefined => {
  if (detector.pattern.length > LONGEST_PATTERN) return `its pattern is longer than ${LONGEST_PATTERN} characters`;
  let pattern: RE2JS;
  try {
    pattern = compiled(detector);
  } catch (error) {
    return `its pattern does not run in linear time, or is none: ${reason(error)}`;
  }
  if (pattern.matches('')) return 'its pattern matches the empty text';
  const missed = match.findIndex((text) => search(detector, pattern, text).length === 0);
  if (missed >= 0) return `it does not find its example ${missed + 1} of match`;
  const wrong = noMatch.findIndex((text) => search(detector, pattern, text).length > 0);
  return wrong >= 0 ? `it finds its example ${wrong + 1} of noMatch` : undefined;
};
