/**
 * What can be done to the files, keys and checkpoints of a ledger of several certified segments, and what a verifier
 * must say; also with checkpoints that the auditor kept. Records: three times `seg` and two calls with outcomes
 * (0 to 4, 5 to 9, 10 to 14), then a heartbeat (15).
 */
import { type KeyObject, sign } from 'node:crypto';
import { createNoteSigner } from '../../src/base/note.js';
import { FIRST_PREV, segmentText } from '../../src/ledger/format.js';
import { ORIGIN } from '../ledger/samples.js';
import {
  acrossSegments,
  type Certified,
  certifiedLedger,
  type Files,
  filesOf,
  type Segment,
  signAnew,
} from './certified.js';
import { rechain } from './tampering.js';

export interface SegmentTampering {
  readonly name: string;
  readonly exit: 0 | 11 | 12 | 13;
  /** A finding's code, `NOT_ANCHORED` aside; null where none is due. */
  readonly code: string | null;
  /** Sizes of the untouched ledger whose roots the trust file keeps. */
  readonly kept: readonly number[];
  readonly change: (ledger: Certified) => Files;
}

const t = (
  name: string,
  exit: SegmentTampering['exit'],
  code: string | null,
  change: SegmentTampering['change'],
  kept: readonly number[] = [],
): SegmentTampering => ({ name, exit, code, change, kept });

const ALL = 16;

const editSegment = (
  segments: readonly Segment[],
  index: number,
  change: (lines: readonly string[]) => readonly string[],
): readonly Segment[] => segments.map((one, i) => (i === index ? { ...one, lines: change(one.lines) } : one));

const editLine = (
  segments: readonly Segment[],
  index: number,
  change: (line: string) => string,
  begin = '{',
): readonly Segment[] =>
  editSegment(segments, index, (lines) => {
    const at = lines.findIndex((line) => line.startsWith(begin));
    return lines.map((line, i) => (i === at ? change(line) : line));
  });

const renamed = (target: string) => (line: string) => line.replace(/"target":"\w+"/, `"target":"${target}"`);
const editCall = (segments: readonly Segment[], index: number): readonly Segment[] =>
  editSegment(segments, index, (lines) => lines.map((line, i) => (i === 1 ? renamed('other')(line) : line)));
const relinked = (segments: readonly Segment[]): readonly Segment[] => acrossSegments(segments, rechain);

/** Exchanges the key that the `seg` of a segment names, and the certificate where there is one for it. */
const withKey = (segments: readonly Segment[], index: number, key: KeyObject, root?: KeyObject): readonly Segment[] =>
  editLine(segments, index, (line) => {
    const signer = createNoteSigner(ORIGIN, key);
    const changed = line.replace(/"key":"[^"]+"/, `"key":"${signer.key}"`);
    if (!root) return changed;
    const [, seq = '', prev = FIRST_PREV] = /"seq":(\d+),"prev":"([0-9a-f]{64})"/.exec(line) ?? [];
    const cert = sign(null, Buffer.from(segmentText(ORIGIN, Number(seq), signer.key, prev)), root).toString('base64');
    return changed
      .replace(/"root":"[^"]+"/, `"root":"${createNoteSigner(ORIGIN, root).key}"`)
      .replace(/"cert":"[^"]+"/, `"cert":"${cert}"`);
  });

/** Everything written anew by somebody with other keys, the root included. */
const replacedWholly = ({ segments }: Certified): readonly Segment[] => {
  const other = certifiedLedger();
  return segments
    .reduce<readonly Segment[]>(
      (all, _, index) => relinked(withKey(all, index, other.keys[index] ?? other.root, other.root)),
      segments,
    )
    .map((segment, _, all) => signAnew(all, other.keys).find(({ name }) => name === segment.name) ?? segment);
};

const names = ({ segments }: Certified): readonly [string, string, string] => {
  const [a, b, c] = segments.map(({ name }) => name);
  return [a ?? '', b ?? '', c ?? ''];
};
const without = (ledger: Certified, index: number): Files => filesOf(ledger.segments.filter((_, i) => i !== index));

const FILES: readonly SegmentTampering[] = [
  t('segments-untouched', 13, null, ({ segments }) => filesOf(segments)),
  t('first-segment-missing', 12, 'SEGMENT_MISSING', (ledger) => without(ledger, 0)),
  t('middle-segment-missing', 12, 'SEGMENT_MISSING', (ledger) => without(ledger, 1)),
  t('middle-segment-missing-renamed', 12, 'SEQ_BREAK', (ledger) => {
    const [, second, third] = names(ledger);
    const files = new Map(without(ledger, 1));
    const lines = files.get(third) ?? [];
    files.delete(third);
    return files.set(second, lines);
  }),
  t('segments-exchanged', 12, 'SEQ_BREAK', (ledger) => {
    const [, second, third] = names(ledger);
    const files = filesOf(ledger.segments);
    return new Map([...files, [second, files.get(third) ?? []], [third, files.get(second) ?? []]]);
  }),
  t('segment-copied', 12, 'SEGMENT_OVERLAP', (ledger) => {
    const files = filesOf(ledger.segments);
    return files.set('0000000000000007.jsonl', files.get(names(ledger)[1]) ?? []);
  }),
  t('segment-twice', 12, 'SEGMENT_MISSING', (ledger) => {
    const files = filesOf(ledger.segments);
    return files.set('0000000000000099.jsonl', files.get(names(ledger)[2]) ?? []);
  }),
  t('stray-file', 12, 'STRAY_FILE', ({ segments }) => filesOf(segments).set('notes.txt', ['mine'])),
  t('stray-name-of-other-length', 12, 'STRAY_FILE', ({ segments }) => filesOf(segments).set('16.jsonl', [])),
  t('link-in-log', 12, 'STRAY_FILE', (ledger) =>
    filesOf(ledger.segments).set('0000000000000016.jsonl', { link: names(ledger)[2] }),
  ),
  t('segment-is-a-link', 12, 'STRAY_FILE', (ledger) =>
    filesOf(ledger.segments).set(names(ledger)[2], { link: names(ledger)[1] }),
  ),
  t('empty-segment-at-end', 13, null, ({ segments }) => filesOf(segments).set('0000000000000016.jsonl', [])),
  t('empty-segment-between', 12, 'SEGMENT_OVERLAP', (ledger) =>
    filesOf(ledger.segments).set('0000000000000003.jsonl', []),
  ),
  t('segment-emptied', 12, 'SEGMENT_MISSING', (ledger) => filesOf(ledger.segments).set(names(ledger)[1], [])),
  t('segment-of-another-ledger', 12, 'CHAIN_BREAK', (ledger) => {
    const other = certifiedLedger(ledger.root, 'write');
    return filesOf(ledger.segments.map((one, i) => (i === 1 ? (other.segments[1] ?? one) : one)));
  }),
  t('closing-checkpoint-removed', 12, 'SEGMENT_UNSEALED', ({ segments }) =>
    filesOf(editSegment(segments, 1, (lines) => lines.slice(0, -1))),
  ),
  t('cut-in-a-closed-segment', 12, 'BAD_RECORD', ({ segments }) => {
    const files = filesOf(segments);
    const [, middle] = segments;
    return files.set(
      middle?.name ?? '',
      Buffer.from((middle?.lines ?? []).map((line) => `${line}\n`).join('')).subarray(0, -30),
    );
  }),
  t('last-line-moved-to-next-file', 12, 'SEGMENT_UNSEALED', ({ segments }) => {
    const [first, second, third] = segments;
    return filesOf(
      [first, second && { ...second, lines: [first?.lines.at(-1) ?? '', ...second.lines] }, third]
        .filter((one) => one !== undefined)
        .map((one, i) => (i === 0 ? { ...one, lines: one.lines.slice(0, -1) } : one)),
    );
  }),
  t('two-segments-in-one-file', 12, 'BAD_SEGMENT', ({ segments }) => {
    const [first, second, third] = segments;
    const lines = [...(first?.lines ?? []), ...(second?.lines ?? [])];
    return filesOf([{ name: first?.name ?? '', lines }, ...(third ? [third] : [])]);
  }),
];

const KEYS: readonly SegmentTampering[] = [
  t('old-checkpoint-by-newer-key', 12, 'BAD_SIGNATURE', ({ segments, keys }) =>
    filesOf(
      signAnew(
        segments,
        [keys[2] ?? keys[0], ...keys.slice(1)].filter((key) => key !== undefined),
      ),
    ),
  ),
  t('new-checkpoint-by-older-key', 12, 'BAD_SIGNATURE', ({ segments, keys }) =>
    filesOf(
      signAnew(
        segments,
        [...keys.slice(0, 2), keys[0]].filter((key) => key !== undefined),
      ),
    ),
  ),
  t('old-segment-edited-by-newest-key', 12, 'BAD_SIGNATURE', ({ segments, keys }) =>
    filesOf(
      signAnew(
        relinked(editCall(segments, 0)),
        keys.map(() => keys[2]).filter((key) => key !== undefined),
      ),
    ),
  ),
  t('all-segment-keys-stolen', 12, 'SEGMENT_KEY_UNCERTIFIED', ({ segments, keys }) =>
    filesOf(signAnew(relinked(editCall(segments, 0)), keys)),
  ),
  t('segment-key-replaced', 12, 'SEGMENT_KEY_UNCERTIFIED', ({ segments, keys }) => {
    const { root: other } = certifiedLedger();
    const changed = relinked(withKey(segments, 1, other));
    return filesOf(
      signAnew(
        changed,
        [keys[0], other, keys[2]].filter((key) => key !== undefined),
      ),
    );
  }),
  t('first-key-replaced', 12, 'SEGMENT_KEY_UNCERTIFIED', ({ segments, keys }) => {
    const { root: other } = certifiedLedger();
    const changed = relinked(withKey(segments, 0, other));
    return filesOf(signAnew(changed, [other, ...keys.slice(1)]));
  }),
  t('certificate-of-another-place', 12, 'SEGMENT_KEY_UNCERTIFIED', ({ segments, keys }) => {
    const certOf = (line = ''): string => /"key":"[^"]+","root":"[^"]+","cert":"[^"]+"/.exec(line)?.[0] ?? '';
    const third = certOf(segments[2]?.lines[0]);
    const changed = editLine(segments, 1, (line) => line.replace(certOf(line), third));
    return filesOf(
      signAnew(
        relinked(changed),
        [keys[0], keys[2], keys[2]].filter((key) => key !== undefined),
      ),
    );
  }),
  t('certificate-junk', 12, 'SEGMENT_KEY_UNCERTIFIED', ({ segments, keys }) =>
    filesOf(signAnew(relinked(editLine(segments, 2, (line) => line.replace(/"cert":"..../, '"cert":"!!!!'))), keys)),
  ),
  t('segment-key-malformed', 12, 'BAD_SEGMENT', ({ segments }) =>
    filesOf(editLine(segments, 1, (line) => line.replace(/"key":"[^"]+"/, '"key":"junk"'))),
  ),
  t('certificate-removed', 12, 'BAD_SEGMENT', ({ segments, keys }) =>
    filesOf(
      signAnew(relinked(editLine(segments, 1, (line) => line.replace(/,"root":"[^"]+","cert":"[^"]+"/, ''))), keys),
    ),
  ),
  t('root-exchanged-in-the-middle', 12, 'BAD_SEGMENT', ({ segments, keys }) => {
    const other = certifiedLedger();
    const key = other.keys[0] ?? other.root;
    const changed = relinked(withKey(segments, 1, key, other.root));
    return filesOf(
      signAnew(
        changed,
        [keys[0], key, keys[2]].filter((one) => one !== undefined),
      ),
    );
  }),
  t('replaced-wholly-with-its-root', 12, 'LEDGER_KEY_DIFFERS', (ledger) => filesOf(replacedWholly(ledger))),
];

const tailDropped = ({ segments }: Certified): Files => filesOf(segments.slice(0, 2));
const openEdited = ({ segments, keys }: Certified): Files =>
  filesOf(signAnew(relinked(editCall(segments, 2)), keys, 2));

const KEPT: readonly SegmentTampering[] = [
  t('kept-untouched', 0, null, ({ segments }) => filesOf(segments), [ALL]),
  t('kept-several-untouched', 0, null, ({ segments }) => filesOf(segments), [3, 5, 10, ALL]),
  t('kept-part-untouched', 13, null, ({ segments }) => filesOf(segments), [7]),
  t('kept-open-segment-edited', 12, 'ANCHOR_MISMATCH', openEdited, [ALL]),
  t('kept-last-segment-dropped', 12, 'TRUNCATED', tailDropped, [ALL]),
  t(
    'kept-one-record-dropped',
    12,
    'TRUNCATED',
    ({ segments }) => filesOf(editSegment(segments, 2, (lines) => lines.slice(0, -2))),
    [ALL],
  ),
  t('kept-rolled-back', 12, 'TRUNCATED', ({ segments }) => filesOf(segments.slice(0, 1)), [5, 10]),
  t('kept-replaced-wholly', 12, 'LEDGER_KEY_DIFFERS', (ledger) => filesOf(replacedWholly(ledger)), [ALL]),
  t(
    'kept-forked-before-it',
    12,
    'ANCHOR_MISMATCH',
    (ledger) => {
      const other = certifiedLedger(ledger.root, 'write');
      return filesOf(other.segments);
    },
    [5],
  ),
  t(
    'kept-interior-checkpoint-removed',
    0,
    null,
    ({ segments }) =>
      filesOf(editSegment(segments, 2, (lines) => lines.filter((line, i) => i >= 8 || !line.startsWith('~')))),
    [ALL],
  ),
];

const LIMITS: readonly SegmentTampering[] = [
  t('limit-open-segment-edited', 13, null, openEdited),
  t('limit-last-segment-dropped', 13, null, tailDropped),
  t('limit-edited-after-the-kept-checkpoint', 13, null, openEdited, [11]),
  t('limit-dropped-after-the-kept-checkpoint', 0, null, tailDropped, [10]),
  t('limit-dropped-after-an-earlier-kept-checkpoint', 13, null, tailDropped, [8]),
  t('limit-forked-by-the-root', 13, null, ({ root }) => filesOf(certifiedLedger(root, 'write').segments)),
];

export const SEGMENT_TAMPERINGS: readonly SegmentTampering[] = [...FILES, ...KEYS, ...KEPT, ...LIMITS];
