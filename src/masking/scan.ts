/** The scan: one pass over a text, stopping only where a detector has its anchor. */
import type { MaskingProfile } from '../model/settings.js';
import { isPlausible, readings } from './base64.js';
import { nextRun, type Run } from './base64-runs.js';
import { codeAt, codesOf, entryAt, innerAt } from './codes.js';
import type { Detector, Finding, RunDetector, ScanText, TextDetector } from './detector.js';
import { DETECTORS, RUN_DETECTORS } from './detectors/index.js';
import { createKeyDetectors } from './detectors/key-value.js';
import { createTableDetectors, findInTables } from './detectors/table.js';
import { Dispatch } from './dispatch.js';
import { createKeyNames, type KeyNames } from './keys.js';
import type { MaskName } from './marks.js';
import { merge, withoutMasks } from './merge.js';
import { createRawStage, type RawHits } from './raw.js';
import { settle } from './settle.js';
import { SHADOW_DEPTH, shadowOf } from './shadow.js';

/** How deep base64 inside base64 is read; deeper readable text is masked unread. */
const MOST_LAYERS = 5;

export interface Scanner {
  readonly keys: KeyNames;
  /** The raw stage: where the bytes of a message may hold anything; undefined where nothing is, which is final. */
  look(bytes: Buffer): RawHits | undefined;
  /**
   * The exact stage on a decoded text: sorted, disjoint findings in the text, its shadow and its base64.
   * `name` is the member that holds it.
   */
  find(s: string, name?: string): readonly Finding[];
}

/** What a profile switches on. */
interface Selection {
  readonly detectors: readonly Detector[];
  readonly dispatch: Dispatch;
  readonly runDetectors: readonly RunDetector[];
}

/** Adds every finding of the detectors to `findings`, left to right. */
const scan = (text: ScanText, dispatch: Dispatch, findings: Finding[]): void => {
  const { codes } = text;
  const { pairs } = dispatch;
  let from = 0;
  let before = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = innerAt(codes, i);
    const list = entryAt(pairs, (before << 8) | code);
    before = code;
    if (list === 0) continue;
    for (const look of dispatch.at(list, codeAt(codes, i - 2), codeAt(codes, i + 1))) {
      const found = look(text, i, from);
      if (found === undefined || found.end <= i) continue;
      findings.push(found);
      from = found.end;
      i = from - 1;
      before = codeAt(codes, i);
      break;
    }
  }
};

const select = (profile: MaskingProfile, keys: KeyNames): Selection => {
  const groups = new Set<string>([...profile.detectors, 'keys']);
  const detectors = [...DETECTORS, ...createKeyDetectors(keys), ...createTableDetectors(keys)].filter(({ group }) =>
    groups.has(group),
  );
  const runDetectors = RUN_DETECTORS.filter(({ group }) => groups.has(group));
  return { detectors, dispatch: new Dispatch(detectors), runDetectors };
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
  const look = createRawStage(detectors, (text, run) => inRun(runDetectors, text, run) !== undefined, {
    foreignNames: keys.foreign,
    custom,
  });

  const hidden = ({ s, codes }: ScanText, run: Run, layer: number): Finding | undefined => {
    // Most runs are ruled out as they stand, without a copy.
    if (run.lineEnd === run.end && !isPlausible(codes, run.start, run.end, run.signs)) return undefined;
    for (const reading of readings(s, run)) {
      const detector = layer >= MOST_LAYERS ? 'nested-encoding' : findAt(reading, '', layer + 1)[0]?.detector;
      if (detector === undefined) continue;
      return { start: run.start, end: paddedEnd(s, run.end), detector };
    }
    return undefined;
  };

  const findPlain = (s: string, name: string, layer: number): Finding[] => {
    const text = { s, codes: codesOf(s), name, raw: false };
    const findings: Finding[] = [];
    scan(text, selection.dispatch, findings);
    for (let run = nextRun(text, 0); run; run = nextRun(text, run.end + 1)) {
      const found = inRun(runDetectors, text, run) ?? hidden(text, run, layer);
      if (found) findings.push(found);
    }
    findings.push(...findInTables(keys, s));
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
    look,
    find: (s, name = '') => settle(s, (text) => findAt(text, name, 0)),
  };
};
