/** Putting findings in order. */
import type { Finding } from './detector.js';
import { MASKS, mayHoldMask } from './marks.js';

/** Whether they are sorted and do not touch. */
const areApart = (findings: readonly Finding[]): boolean => {
  let end = -1;
  for (const finding of findings) {
    if (finding.start <= end) return false;
    end = finding.end;
  }
  return true;
};

/** Sorted and disjoint: findings that overlap or touch become one, named after the first. */
export const merge = (findings: readonly Finding[]): readonly Finding[] => {
  if (findings.length < 2 || areApart(findings)) return findings;
  const merged: Finding[] = [];
  for (const finding of [...findings].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (last === undefined || finding.start > last.end) merged.push(finding);
    else if (finding.end > last.end) {
      merged[merged.length - 1] = { start: last.start, end: finding.end, detector: last.detector };
    }
  }
  return merged;
};

/** Masks that stand already are no secret: a finding never cuts one, and one of masks and signs alone is dropped. */
export const withoutMasks = (s: string, findings: readonly Finding[]): readonly Finding[] => {
  if (findings.length === 0 || !mayHoldMask(s)) return findings;
  const masks = Array.from(s.matchAll(MASKS), ({ index, 0: { length } }) => ({ start: index, end: index + length }));
  let next = 0;
  const whole = findings.map((finding) => {
    while ((masks[next]?.end ?? s.length) <= finding.start && next < masks.length) next++;
    let { start, end } = finding;
    for (let i = next; (masks[i]?.start ?? s.length) < end; i++) {
      start = Math.min(start, masks[i]?.start ?? start);
      end = Math.max(end, masks[i]?.end ?? end);
    }
    return { ...finding, start, end };
  });
  return merge(whole).filter(({ start, end }) => {
    const text = s.slice(start, end);
    const bare = text.replaceAll(MASKS, '');
    return bare.length === text.length || /[\p{L}\p{N}]/u.test(bare);
  });
};
