/** The raw stage's pass over the bytes: a stop at each anchor of a detector, and a hit where the detector finds something. */
import { codeAt, entryAt, innerAt } from './codes.js';
import type { Detector, ScanText } from './detector.js';
import { Dispatch } from './dispatch.js';

/** The end of the string at `i`: the next quote that no backslash escapes. */
const stringEnd = (bytes: Buffer, i: number): number => {
  for (let end = bytes.indexOf(0x22, i); end >= 0; end = bytes.indexOf(0x22, end + 1)) {
    let start = end;
    while (start > i && bytes[start - 1] === 0x5c) start--;
    if ((end - start) % 2 === 0) return end;
  }
  return bytes.length;
};

/** A class, so that the scans of all profiles share their compiled code. */
export class AnchorScan {
  private readonly dispatch: Dispatch;

  constructor(detectors: readonly Detector[]) {
    this.dispatch = new Dispatch(detectors);
  }

  /**
   * Offsets of hits, ascending; behind a hit the scan goes on after the string in which it stands.
   * @param bytes those of `text`
   * @param most offsets to find; one more says that there are more
   */
  hits(bytes: Buffer, text: ScanText, most: number): number[] {
    const { pairs } = this.dispatch;
    const last = bytes.length - 4;
    const hits: number[] = [];
    let before = 0;
    let i = 0;
    // Four at once: in most fours there is none.
    while (i <= last && hits.length <= most) {
      const first = innerAt(bytes, i);
      const second = innerAt(bytes, i + 1);
      const third = innerAt(bytes, i + 2);
      const fourth = innerAt(bytes, i + 3);
      const a = entryAt(pairs, (before << 8) | first);
      const b = entryAt(pairs, (first << 8) | second);
      const c = entryAt(pairs, (second << 8) | third);
      const d = entryAt(pairs, (third << 8) | fourth);
      const hit = (a | b | c | d) === 0 ? -1 : this.hitOfFour(text, i, a, b, c, d);
      if (hit >= 0) hits.push(hit);
      i = hit < 0 ? i + 4 : stringEnd(bytes, hit + 1);
      before = hit < 0 ? fourth : codeAt(bytes, i - 1);
    }
    for (; i < bytes.length; i++) {
      const list = entryAt(pairs, (codeAt(bytes, i - 1) << 8) | codeAt(bytes, i));
      if (list !== 0 && this.isHit(text, i, list)) hits.push(i);
    }
    return hits;
  }

  /** The first hit of four neighbours, of which each has its list; -1 where there is none. */
  private hitOfFour(text: ScanText, i: number, a: number, b: number, c: number, d: number): number {
    if (a !== 0 && this.isHit(text, i, a)) return i;
    if (b !== 0 && this.isHit(text, i + 1, b)) return i + 1;
    if (c !== 0 && this.isHit(text, i + 2, c)) return i + 2;
    return d !== 0 && this.isHit(text, i + 3, d) ? i + 3 : -1;
  }

  private isHit(text: ScanText, i: number, list: number): boolean {
    const { codes } = text;
    const looks = this.dispatch.at(list, codeAt(codes, i - 2), codeAt(codes, i + 1));
    for (let k = 0; k < looks.length; k++) {
      const found = looks[k]?.(text, i, 0);
      if (found !== undefined && found.end > i) return true;
    }
    return false;
  }
}
