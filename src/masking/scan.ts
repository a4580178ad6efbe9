/** The scan: one pass over a text, stopping only where a detector has its anchor. */
import type { MaskingProfile } from '../model/masking-settings.js';
import { isPlausible, readings } from './base64.js';
import { type Line, type Run, runsOf } from './base64-runs.js';
import { codesOf, release } from './codes.js';
import type { Detector, Finding, RunDetector, ScanText, TextDetector } from './detector.js';
import { DETECTORS, RUN_DETECTORS } from './detectors/index.js';
import { createKeyDetectors } from './detectors/key-value.js';
import { createTableDetectors, findInTables } from './detectors/table.js';
import { Dispatch } from './dispatch.js';
import { createKeyNames, type KeyNames } from './keys.js';
import type { MaskName } from './marks.js';
import { merge, withoutMasks } from './merge.js';
import { CHUNK } from './prefilter.js';
import { createRawStage, createTextCounter, type RawHits, READINGS, type TextCounter } from './raw.js';
import { settle } from './settle.js';
import { SHADOW_DEPTH, type Shadow, shadowOf } from './shadow.js';

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
  readonly dispatch: Dispatch;
  readonly texts: TextCounter;
  readonly runDetectors: readonly RunDetector[];
}

/** What a pass over a text saw beside findings. */
interface Seen {
  /** Where written escapes are; ascending. */
  readonly escapes: number[];
  /** Where names of secrets stand as those of columns do; ascending. */
  readonly columns: number[];
  /** Runs of base64. */
  readonly runs: Line[];
}

/** Notes what detectors of marks find; whether there were any among these. */
const note = (text: ScanText, i: number, looks: readonly Detector[], seen: Seen): void => {
  for (let k = 0; k < looks.length; k++) {
    const look = looks[k];
    if (look?.marks === undefined || look.at(text, i, 0) === undefined) continue;
    if (look.marks === 'reading') seen.escapes.push(i);
    else seen.columns.push(i);
  }
};

/** The first finding of the detectors that look at `i`. */
const foundAt = (text: ScanText, i: number, looks: readonly Detector[], from: number): Finding | undefined => {
  for (let k = 0; k < looks.length; k++) {
    const look = looks[k];
    const found = look === undefined || look.marks !== undefined ? undefined : look.at(text, i, from);
    if (found !== undefined && found.end > i) return found;
  }
  return undefined;
};

/** Adds every finding of the detectors to `findings`, left to right. */
const scan = (text: ScanText, dispatch: Dispatch, findings: Finding[]): Seen => {
  const { codes } = text;
  const { places } = dispatch;
  const seen: Seen = { escapes: [], columns: [], runs: [] };
  let from = 0;
  for (let start = 0; start < codes.length; start += CHUNK) {
    const count = dispatch.look(codes, start);
    dispatch.addRuns(codes, start, seen.runs);
    for (let k = 0; k < count; k++) {
      const place = places[k] ?? 0;
      const i = start + (place >>> 16);
      const looks = dispatch.detectors(place & 0xffff);
      note(text, i, looks, seen);
      const found = i < from ? undefined : foundAt(text, i, looks, from);
      if (found === undefined) continue;
      findings.push(found);
      from = found.end;
    }
  }
  return seen;
};

const select = (profile: MaskingProfile, keys: KeyNames): Selection => {
  const groups = new Set<string>([...profile.detectors, 'keys']);
  const detectors = [...DETECTORS, ...createKeyDetectors(keys), ...createTableDetectors(keys)].filter(({ group }) =>
    groups.has(group),
  );
  const runDetectors = RUN_DETECTORS.filter(({ group }) => groups.has(group));
  const texts = createTextCounter();
  return { dispatch: new Dispatch([...detectors, ...READINGS, texts.detector]), texts, runDetectors };
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
  const { runDetectors } = selection;
  const look = createRawStage(selection, (text, run) => inRun(runDetectors, text, run) !== undefined, {
    foreignNames: keys.foreign,
    custom,
  });

  const hidden = ({ s, codes }: ScanText, run: Run, layer: number): Finding | undefined => {
    // Most runs are ruled out as they stand, without a copy.
    if (run.lineEnd === run.end && !(run.text && isPlausible(codes, run.start, run.end))) return undefined;
    for (const reading of readings(s, run)) {
      const detector = layer >= MOST_LAYERS ? 'nested-encoding' : findAt(reading, '', layer + 1)[0]?.detector;
      if (detector === undefined) continue;
      return { start: run.start, end: paddedEnd(s, run.end), detector };
    }
    return undefined;
  };

  /** Adds what is found in a text as it stands; its shadow, where it has one. */
  const findPlain = (s: string, name: string, layer: number, findings: Finding[]): Shadow | undefined => {
    const codes = codesOf(s);
    const text = { s, codes, name, raw: false };
    const seen = scan(text, selection.dispatch, findings);
    for (const run of runsOf(s, seen.runs)) {
      const found = inRun(runDetectors, text, run) ?? hidden(text, run, layer);
      if (found) findings.push(found);
    }
    findInTables(keys, s, keys.foreign ? undefined : seen.columns, findings);
    for (const detector of custom) findings.push(...detector.find(s));
    const shadow = shadowOf(s, codes, seen.escapes);
    release(codes);
    return shadow;
  };

  const findAt = (s: string, name: string, layer: number): readonly Finding[] => {
    const findings: Finding[] = [];
    let shadow = findPlain(s, name, layer, findings);
    for (let depth = 1; shadow && depth <= SHADOW_DEPTH; depth++) {
      const { text, origin }: Shadow = shadow;
      const more: Finding[] = [];
      const next = findPlain(text, name, layer, more);
      for (const { start, end, detector } of more) {
        findings.push({ start: origin(start), end: origin(end), detector });
      }
      shadow = next && { text: next.text, origin: (offset) => origin(next.origin(offset)) };
    }
    return withoutMasks(s, merge(findings));
  };

  return { keys, look, find: (s, name = '') => settle(s, (text) => findAt(text, name, 0)) };
};
