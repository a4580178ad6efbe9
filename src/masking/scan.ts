/** The scan: one pass over a text, stopping only where a detector has its anchor. */
import type { MaskingProfile } from '../model/settings.js';
import { forEachRun, isPlausible, type Run, readings } from './base64.js';
import type { Detector, Finding, RunDetector, ScanText, TextDetector } from './detector.js';
import { DETECTORS, RUN_DETECTORS } from './detectors/index.js';
import { createKeyValueDetector } from './detectors/key-value.js';
import { createKeyNames, type KeyNames } from './keys.js';
import type { MaskName } from './marks.js';
import { merge, withoutMasks } from './merge.js';
import { createRawStage } from './raw.js';
import { settle } from './settle.js';
import { SHADOW_DEPTH, shadowOf } from './shadow.js';

/** How deep base64 inside base64 is read; deeper readable text is masked unread. */
const MOST_LAYERS = 5;

export interface Scanner {
  readonly keys: KeyNames;
  /**
   * The raw stage: whether the bytes of a message may hold anything. It says yes too often rather than too seldom;
   * a no is final, and nothing is parsed.
   */
  mayHold(bytes: Buffer): boolean;
  /**
   * The exact stage on a decoded text: sorted, disjoint findings in the text, its shadow and its base64.
   * `name` is the member that holds it.
   */
  find(s: string, name?: string): readonly Finding[];
}

/** Detectors by anchor and the character before it: `anchor * 128 + before`; absent where there are none. */
type Dispatch = readonly (readonly Detector[] | undefined)[];

const dispatchOf = (detectors: readonly Detector[]): Dispatch =>
  Array.from({ length: 128 * 128 }, (_, pair) => {
    const anchor = String.fromCharCode(pair >> 7);
    const previous = String.fromCharCode(pair & 127);
    const here = detectors.filter(
      ({ anchors, before }) => anchors.includes(anchor) && (before === undefined || before.includes(previous)),
    );
    return here.length > 0 ? here : undefined;
  });

/** The characters that are an anchor of some detector, 1 each. */
const anchorsOf = (detectors: readonly Detector[]): Uint8Array => {
  const anchors = new Uint8Array(128);
  for (const detector of detectors) for (const anchor of detector.anchors) anchors[anchor.charCodeAt(0)] = 1;
  return anchors;
};

/** What a profile switches on. */
interface Selection {
  readonly detectors: readonly Detector[];
  readonly dispatch: Dispatch;
  readonly anchors: Uint8Array;
  readonly runDetectors: readonly RunDetector[];
}

/** Passes every finding of the detectors to `visit`, left to right, until it returns false. */
const scan = (text: ScanText, { dispatch, anchors }: Selection, visit: (found: Finding) => boolean): void => {
  const { s } = text;
  const length = s.length;
  let from = 0;
  for (let i = 0; i < length; i++) {
    const code = s.charCodeAt(i);
    if (code > 127 || anchors[code] === 0) continue;
    const previous = i > 0 ? s.charCodeAt(i - 1) : 0;
    const detectors = dispatch[(code << 7) | (previous < 128 ? previous : 0)];
    if (detectors === undefined) continue;
    for (const detector of detectors) {
      const found = detector.at(text, i, from);
      if (found === undefined || found.end <= i) continue;
      if (!visit(found)) return;
      from = found.end;
      i = from - 1;
      break;
    }
  }
};

const select = (profile: MaskingProfile, keys: KeyNames): Selection => {
  const groups = new Set<string>([...profile.detectors, 'keys']);
  const detectors = [...DETECTORS, createKeyValueDetector(keys)].filter(({ group }) => groups.has(group));
  const dispatch = dispatchOf(detectors);
  const runDetectors = RUN_DETECTORS.filter(({ group }) => groups.has(group));
  return { detectors, dispatch, anchors: anchorsOf(detectors), runDetectors };
};

const inRun = (runDetectors: readonly RunDetector[], text: ScanText, run: Run): Finding | undefined => {
  for (const detector of runDetectors) {
    const found = detector.run(text, run.start, run.end);
    if (found) return found;
  }
  return undefined;
};

/** The padding after a run goes with it. */
const paddedEnd = (s: string, end: number): number =>
  s.charCodeAt(end) !== 0x3d ? end : s.charCodeAt(end + 1) !== 0x3d ? end + 1 : end + 2;

/** What is searched for beside the built-in detectors and the names of the profile. */
export interface MoreToFind {
  readonly custom?: readonly TextDetector[];
  /** Further secret names, each with what its findings are called. */
  readonly keys?: readonly (readonly [name: string, label: MaskName])[];
}

export const createScanner = (profile: MaskingProfile, { custom = [], keys: more = [] }: MoreToFind = {}): Scanner => {
  const keys = createKeyNames(profile.keys, profile.detectors.includes('secrets'), more);
  const selection = select(profile, keys);
  const { detectors, runDetectors } = selection;
  const mayHold = createRawStage(detectors, (text, run) => inRun(runDetectors, text, run) !== undefined, {
    foreignNames: keys.foreign,
    custom,
  });

  const hidden = (s: string, run: Run, layer: number): Finding | undefined => {
    if (!isPlausible(s, run)) return undefined;
    for (const reading of readings(s, run)) {
      const detector = layer >= MOST_LAYERS ? 'nested-encoding' : findAt(reading, '', layer + 1)[0]?.detector;
      if (detector === undefined) continue;
      return { start: run.start, end: paddedEnd(s, run.end), detector };
    }
    return undefined;
  };

  const findPlain = (s: string, name: string, layer: number): Finding[] => {
    const text = { s, name, raw: false };
    const findings: Finding[] = [];
    scan(text, selection, (found) => findings.push(found) > 0);
    forEachRun(s, (run) => {
      const found = inRun(runDetectors, text, run) ?? hidden(s, run, layer);
      if (found) findings.push(found);
    });
    for (const detector of custom) findings.push(...detector.find(s));
    return findings;
  };

  const findAt = (s: string, name: string, layer: number): readonly Finding[] => {
    const findings = findPlain(s, name, layer);
    let shadow = shadowOf(s);
    for (let depth = 1; shadow && depth <= SHADOW_DEPTH; depth++) {
      const { text, origin } = shadow;
      for (const { start, end, detector } of findPlain(text, name, layer)) {
        findings.push({ start: origin[start] ?? 0, end: origin[end] ?? s.length, detector });
      }
      const next = shadowOf(text);
      shadow = next && { text: next.text, origin: next.origin.map((index) => origin[index] ?? s.length) };
    }
    return withoutMasks(s, merge(findings));
  };

  return {
    keys,
    mayHold,
    find: (s, name = '') => settle(s, (text) => findAt(text, name, 0)),
  };
};
