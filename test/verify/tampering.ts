/**
 * What can be done to the segment file of a ledger, and what a verifier must say. The sample: `seg`, two
 * calls with outcomes, a denied call, a heartbeat, `stop`; each in a batch of its own but the last call's.
 */
import type { KeyObject } from 'node:crypto';
import { createCompactRange, leafHash } from '../../src/base/merkle.js';
import { checkpointText, createNoteSigner, signNote } from '../../src/base/note.js';
import { checkpointLine } from '../../src/ledger/format.js';
import { ORIGIN } from '../ledger/samples.js';

export interface Tampering {
  readonly name: string;
  readonly exit: 11 | 12 | 13;
  /** A finding's code, notes and what is always unestablished aside; null where none is due. */
  readonly code: string | null;
  /** @param key the live key, for what whoever holds it can do; `other` is another one */
  readonly change: (lines: readonly string[], key: KeyObject, other: KeyObject) => readonly string[] | Buffer;
}

type Lines = readonly string[];

const isRecord = (line: string): boolean => line.startsWith('{');
const isPayload = (line: string): boolean => line.startsWith('>');
const isCheckpoint = (line: string): boolean => line.startsWith('~');

/** Index of the line of record n. */
const at = (lines: Lines, n: number): number => lines.findIndex((line) => line.startsWith(`{"v":1,"seq":${n},`));
const edit = (lines: Lines, index: number, change: (line: string) => string): Lines =>
  lines.map((line, i) => (i === index ? change(line) : line));
const without = (lines: Lines, ...indexes: readonly number[]): Lines => lines.filter((_, i) => !indexes.includes(i));
const swap = (lines: Lines, a: number, b: number): Lines =>
  lines.map((line, i) => (i === a ? (lines[b] ?? '') : i === b ? (lines[a] ?? '') : line));
const insert = (lines: Lines, index: number, ...more: Lines): Lines => [
  ...lines.slice(0, index),
  ...more,
  ...lines.slice(index),
];
/** The record and its payload lines. */
const recordWithPayloads = (lines: Lines, n: number): readonly number[] => {
  const start = at(lines, n);
  let end = start + 1;
  while (isPayload(lines[end] ?? '')) end++;
  return Array.from({ length: end - start }, (_, i) => start + i);
};

/** Renumbers and links anew, as anyone can without a key. */
export const rechain = (lines: Lines): Lines => {
  let prev = '0'.repeat(64);
  let seq = -1;
  return lines.map((line) => {
    if (isPayload(line)) return line.replace(/"seq":\d+/, `"seq":${seq}`);
    if (!isRecord(line)) return line;
    seq++;
    const linked = line.replace(/"seq":\d+,"prev":"[0-9a-f]{64}"/, `"seq":${seq},"prev":"${prev}"`);
    prev = leafHash(Buffer.from(linked)).toString('hex');
    return linked;
  });
};

/** Signs every checkpoint anew over what stands before it. */
const resign = (lines: Lines, key: KeyObject, origin = ORIGIN): Lines => {
  const range = createCompactRange();
  const signer = createNoteSigner(origin, key);
  return lines.map((line) => {
    if (isRecord(line)) range.append(leafHash(Buffer.from(line)));
    if (!isCheckpoint(line)) return line;
    return checkpointLine(signNote(checkpointText({ origin, size: range.size, root: range.root() }), [signer]));
  });
};

const changeTarget = (line: string): string => line.replace('"target":"read_file"', '"target":"read_none"');
const lastCheckpoint = (lines: Lines): number => lines.findLastIndex(isCheckpoint);
const firstPayload = (lines: Lines): number => lines.findIndex(isPayload);
const noteOf = (line: string): string => String(JSON.parse(line.slice(1)));
const editNote = (lines: Lines, index: number, change: (note: string) => string): Lines =>
  edit(lines, index, (line) => checkpointLine(change(noteOf(line))));
const bytesOf = (lines: Lines): Buffer => Buffer.from(`${lines.join('\n')}\n`);

const t = (name: string, exit: Tampering['exit'], code: string | null, change: Tampering['change']): Tampering => ({
  name,
  exit,
  code,
  change,
});

export const TAMPERINGS: readonly Tampering[] = [
  t('untouched', 13, null, (lines) => lines),
  // -- records --
  t('edit-record', 12, 'ROOT_MISMATCH', (lines) => edit(lines, at(lines, 1), changeTarget)),
  t('edit-record-within-batch', 12, 'CHAIN_BREAK', (lines) => edit(lines, at(lines, 5), changeTarget)),
  t('edit-and-rechain', 12, 'ROOT_MISMATCH', (lines) => rechain(edit(lines, at(lines, 1), changeTarget))),
  t('edit-last-record', 12, 'ROOT_MISMATCH', (lines) =>
    edit(lines, at(lines, 8), (line) => line.replace('"test"', '"tent"')),
  ),
  t('delete-record', 12, 'SEQ_BREAK', (lines) => without(lines, ...recordWithPayloads(lines, 5))),
  t('delete-record-and-rechain', 12, 'CHECKPOINT_WRONG_SIZE', (lines) =>
    rechain(without(lines, ...recordWithPayloads(lines, 5))),
  ),
  t('delete-batch', 12, 'SEQ_BREAK', (lines) =>
    without(lines, ...recordWithPayloads(lines, 2), recordWithPayloads(lines, 2).at(-1) ?? 0, at(lines, 3) - 1),
  ),
  t('delete-first-batch', 12, 'SEQ_BREAK', (lines) => lines.slice(2)),
  t('insert-record-and-rechain', 12, 'CHECKPOINT_WRONG_SIZE', (lines) =>
    rechain(insert(lines, at(lines, 8), lines[at(lines, 8)] ?? '')),
  ),
  t('replay-record', 12, 'SEQ_BREAK', (lines) =>
    insert(lines, at(lines, 8), lines[at(lines, 8)] ?? '', lines[at(lines, 8)] ?? ''),
  ),
  t('swap-records', 12, 'SEQ_BREAK', (lines) => swap(lines, at(lines, 7), at(lines, 8))),
  t('swap-records-and-rechain', 12, 'ROOT_MISMATCH', (lines) => rechain(swap(lines, at(lines, 7), at(lines, 8)))),
  t('edit-link', 12, 'CHAIN_BREAK', (lines) =>
    edit(lines, at(lines, 3), (line) => line.replace(/"prev":"../, '"prev":"00')),
  ),
  // -- form of records --
  t('carriage-returns', 12, 'BAD_RECORD', (lines) => bytesOf(lines.map((line) => `${line}\r`))),
  t('byte-order-mark', 12, 'BAD_RECORD', (lines) => edit(lines, 0, (line) => `\ufeff${line}`)),
  t('empty-line', 12, 'BAD_RECORD', (lines) => insert(lines, 2, '')),
  t('space-in-record', 12, 'ROOT_MISMATCH', (lines) =>
    edit(lines, at(lines, 1), (line) => line.replace('"d":{', '"d": {')),
  ),
  t('duplicate-key-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(
      rechain(
        edit(lines, at(lines, 1), (line) => line.replace('"server":"files"', '"server":"files","server":"other"')),
      ),
      key,
    ),
  ),
  t('fraction-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 2), (line) => line.replace('"ms":12', '"ms":12.0'))), key),
  ),
  t('unknown-type-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 8), (line) => line.replace('"stop"', '"halt"'))), key),
  ),
  t('zero-hole', 12, 'BAD_RECORD', (lines) => {
    const bytes = bytesOf(lines);
    bytes.fill(0, bytes.length - 600, bytes.length - 500);
    return bytes;
  }),
  t('seq-true-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(
      edit(lines, at(lines, 8), (line) => line.replace('"seq":8', '"seq":true')),
      key,
    ),
  ),
  t('number-too-large-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 2), (line) => line.replace('"ms":12', '"ms":9007199254740993'))), key),
  ),
  t('long-line-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(
      rechain(edit(lines, at(lines, 8), (line) => line.replace('"test"', `"${'x'.repeat(2 * 1024 * 1024)}"`))),
      key,
    ),
  ),
  t('record-too-long-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 8), (line) => line.replace('"test"', `"${'x'.repeat(65_400)}"`))), key),
  ),
  t('deep-nesting-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(
      rechain(
        edit(lines, at(lines, 8), (line) => line.replace('"test"', `${'['.repeat(20_000)}${']'.repeat(20_000)}`)),
      ),
      key,
    ),
  ),
  t('members-in-other-order-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 8), (line) => line.replace(/("m":\d+),("boot":"[^"]+")/, '$2,$1'))), key),
  ),
  t('lone-surrogate-live-key', 12, 'BAD_RECORD', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 8), (line) => line.replace('"test"', '"\\ud800"'))), key),
  ),
  t('composed-otherwise', 12, 'PAYLOAD_ALTERED', (lines) =>
    edit(lines, firstPayload(lines) + 1, (line) => line.normalize('NFD')),
  ),
  // -- payloads --
  t('edit-payload', 12, 'PAYLOAD_ALTERED', (lines) =>
    edit(lines, firstPayload(lines), (line) => line.replace('/srv/', '/srb/')),
  ),
  t('edit-salt', 12, 'PAYLOAD_ALTERED', (lines) =>
    edit(lines, firstPayload(lines), (line) => line.replace(/"salt":"../, '"salt":"00')),
  ),
  t('delete-payload', 12, 'PAYLOAD_MISSING', (lines) => without(lines, firstPayload(lines))),
  t('delete-last-payload', 12, 'PAYLOAD_MISSING', (lines) => without(lines, lines.findLastIndex(isPayload))),
  t('delete-all-payloads', 12, 'PAYLOAD_MISSING', (lines) => lines.filter((line) => !isPayload(line))),
  t('delete-payloads-of-the-last-call', 12, 'PAYLOAD_MISSING', (lines) =>
    without(lines, ...recordWithPayloads(lines, 6).slice(1)),
  ),
  t('duplicate-payload', 12, 'PAYLOAD_DUPLICATE', (lines) =>
    insert(lines, firstPayload(lines), lines[firstPayload(lines)] ?? ''),
  ),
  t('swap-payload-lines', 12, 'PAYLOAD_MISSING', (lines) => swap(lines, firstPayload(lines), firstPayload(lines) + 1)),
  t('swap-payload-names', 12, 'PAYLOAD_ALTERED', (lines) => {
    const first = firstPayload(lines);
    const rename = (to: string) => (line: string) => line.replace(/"name":"\w+"/, `"name":"${to}"`);
    return edit(edit(swap(lines, first, first + 1), first, rename('args')), first + 1, rename('person'));
  }),
  t('stray-payload', 12, 'PAYLOAD_STRAY', (lines) =>
    insert(lines, lastCheckpoint(lines), (lines[firstPayload(lines)] ?? '').replace('"seq":1', '"seq":8')),
  ),
  t('payload-of-another-record', 12, 'PAYLOAD_STRAY', (lines) =>
    edit(lines, firstPayload(lines), (line) => line.replace('"seq":1', '"seq":3')),
  ),
  t('payload-without-record', 12, 'PAYLOAD_STRAY', (lines) => insert(lines, 0, lines[firstPayload(lines)] ?? '')),
  t('payload-to-blob', 12, 'PAYLOAD_MISSING', (lines) =>
    edit(lines, firstPayload(lines), (line) => line.replace(/"data":.*$/, '"blob":true}')),
  ),
  t('junk-payload', 12, 'BAD_PAYLOAD', (lines) => insert(lines, firstPayload(lines), '>junk')),
  // -- checkpoints --
  t('edit-root', 12, 'BAD_SIGNATURE', (lines) =>
    editNote(lines, 1, (note) => note.replace(/\n[A-Za-z0-9+/]{4}(?=[A-Za-z0-9+/]{39}=)/, '\nAAAA')),
  ),
  t('edit-size', 12, 'BAD_SIGNATURE', (lines) =>
    editNote(lines, lastCheckpoint(lines), (note) => note.replace('\n9\n', '\n8\n')),
  ),
  t('edit-signature', 12, 'BAD_SIGNATURE', (lines) =>
    editNote(lines, 1, (note) => note.replace(/.{8}(?=..\n$)/, 'AAAAAAAA')),
  ),
  t('edit-origin', 12, 'BAD_SIGNATURE', (lines) =>
    editNote(lines, 1, (note) => note.replace(ORIGIN, 'example.com/other')),
  ),
  t('second-signature', 12, 'BAD_CHECKPOINT', (lines) =>
    editNote(lines, 1, (note) => `${note}${note.slice(note.lastIndexOf('—'))}`),
  ),
  t('junk-before-signature', 12, 'BAD_CHECKPOINT', (lines) =>
    editNote(lines, 1, (note) => note.replace('\n\n—', '\n\njunk\n—')),
  ),
  t('escaped-otherwise', 12, 'BAD_CHECKPOINT', (lines) => edit(lines, 1, (line) => line.replace('—', '\\u2014'))),
  t('spare-bits-in-root', 12, 'BAD_CHECKPOINT', (lines) =>
    editNote(lines, 1, (note) => note.replace(/([A-Za-z0-9+/])=\n\n/, (_, last: string) => `${spareBits(last)}=\n\n`)),
  ),
  t('spare-bits-in-signature', 12, 'BAD_CHECKPOINT', (lines) =>
    editNote(lines, 1, (note) => note.replace(/([A-Za-z0-9+/])=\n$/, (_, last: string) => `${spareBits(last)}=\n`)),
  ),
  t('junk-in-base64', 12, 'BAD_CHECKPOINT', (lines) =>
    editNote(lines, 1, (note) => note.replace(/(.{9})\n$/, ' $1\n')),
  ),
  t('extension-line', 12, 'BAD_CHECKPOINT', (lines) =>
    editNote(lines, 1, (note) => note.replace('\n\n', '\nmore\n\n')),
  ),
  t('signature-by-another-name', 12, 'BAD_SIGNATURE', (lines) =>
    editNote(lines, 1, (note) => note.replace(`— ${ORIGIN}`, '— example.com/other')),
  ),
  t('junk-checkpoint', 12, 'BAD_CHECKPOINT', (lines) => insert(lines, 2, '~junk')),
  t('checkpoint-of-another-batch', 12, 'CHECKPOINT_WRONG_SIZE', (lines) =>
    edit(lines, lastCheckpoint(lines), () => lines[1] ?? ''),
  ),
  t('checkpoint-twice', 12, 'CHECKPOINT_REPEATED', (lines) => insert(lines, 2, lines[1] ?? '')),
  t('checkpoint-before-records', 12, 'BAD_SEGMENT', (lines) => insert(lines, 0, lines[1] ?? '')),
  t('checkpoint-earlier', 12, 'CHECKPOINT_WRONG_SIZE', (lines) => swap(lines, lastCheckpoint(lines), at(lines, 8))),
  t('old-checkpoint-other-key', 12, 'BAD_SIGNATURE', (lines, _key, other) =>
    edit(lines, 1, () => resign(lines, other)[1] ?? ''),
  ),
  t('all-checkpoints-removed', 11, 'UNSIGNED_TAIL', (lines) => lines.filter((line) => !isCheckpoint(line))),
  // -- keys --
  t('key-replaced-in-seg', 12, 'BAD_SIGNATURE', (lines, _key, other) => {
    const signer = createNoteSigner(ORIGIN, other);
    return rechain(edit(lines, 0, (line) => line.replace(/"key":"[^"]+"/, `"key":"${signer.key}"`)));
  }),
  t('second-seg-live-key', 12, 'BAD_SEGMENT', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 8), () => lines[0] ?? '')), key),
  ),
  t('seg-not-first-live-key', 12, 'BAD_SEGMENT', (lines, key) => resign(rechain(without(lines, 0, 1)), key)),
  // -- the end --
  t('torn-last-line', 11, 'TORN_TAIL', (lines) => bytesOf(lines).subarray(0, -20)),
  t('no-last-line-feed', 11, 'TORN_TAIL', (lines) => bytesOf(lines).subarray(0, -1)),
  t('garbage-after-end', 11, 'TORN_TAIL', (lines) => Buffer.concat([bytesOf(lines), Buffer.from('garbage')])),
  t('garbage-line-after-end', 12, 'BAD_RECORD', (lines) => Buffer.concat([bytesOf(lines), Buffer.from('garbage\n')])),
  t('last-checkpoint-removed', 11, 'UNSIGNED_TAIL', (lines) => without(lines, lastCheckpoint(lines))),
  t('empty-file', 11, 'LEDGER_EMPTY', () => Buffer.alloc(0)),
  t('cut-in-first-line', 11, 'TORN_TAIL', (lines) => bytesOf(lines).subarray(0, 50)),
  // -- continuity, by whoever holds the key --
  t('result-removed-live-key', 12, 'COUNTER_MISMATCH', (lines, key) =>
    resign(rechain(without(lines, ...recordWithPayloads(lines, 2), at(lines, 3) - 1)), key),
  ),
  t('result-twice-live-key', 12, 'RESULT_STRAY', (lines, key) => {
    const again = recordWithPayloads(lines, 2).map((i) => lines[i] ?? '');
    return resign(rechain(insert(lines, at(lines, 8), ...again)), key);
  }),
  t('result-of-a-denial-live-key', 12, 'RESULT_STRAY', (lines, key) => {
    const again = recordWithPayloads(lines, 2).map((i) => (lines[i] ?? '').replace('"intent":1', '"intent":6'));
    return resign(rechain(insert(lines, at(lines, 8), ...again)), key);
  }),
  t('wall-clock-turned-live-key', 11, 'CLOCK_STEP', (lines, key) =>
    resign(
      rechain(edit(lines, at(lines, 3), (line) => line.replace(/"t":"2026-11-24T05:00/, '"t":"2026-11-24T04:59'))),
      key,
    ),
  ),
  t('monotonic-back-live-key', 12, 'CLOCK_BACK', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 3), (line) => line.replace(/"m":\d+/, '"m":1'))), key),
  ),
  t('silence-live-key', 11, 'RECORDING_GAP', (lines, key) =>
    resign(
      rechain(lines.map((line) => (isRecord(line) && Number(/"seq":(\d+)/.exec(line)?.[1]) > 4 ? later(line) : line))),
      key,
    ),
  ),
  t('counter-changed-live-key', 12, 'COUNTER_MISMATCH', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 7), (line) => line.replace('"call":4', '"call":3'))), key),
  ),
  t('counter-omitted-live-key', 12, 'COUNTER_MISMATCH', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 7), (line) => line.replace(',"result":2', ''))), key),
  ),
  t('both-clocks-back-live-key', 12, 'CLOCK_BACK', (lines, key) =>
    resign(
      rechain(
        edit(lines, at(lines, 3), (line) =>
          line.replace(/"t":"2026-11-24T05:00/, '"t":"2026-11-24T04:59').replace(/"m":\d+/, '"m":1'),
        ),
      ),
      key,
    ),
  ),
  t('other-boot-earlier-live-key', 11, 'CLOCK_STEP', (lines, key) =>
    resign(
      rechain(
        edit(lines, at(lines, 8), (line) =>
          line
            .replace(/"t":"2026-11-24T05:00/, '"t":"2026-11-24T04:59')
            .replace(/"boot":"........-/, '"boot":"ffffffff-'),
        ),
      ),
      key,
    ),
  ),
  t('call-without-forwarded-live-key', 12, 'BAD_CALL', (lines, key) =>
    resign(rechain(edit(lines, at(lines, 6), (line) => line.replace('"forwarded":false', '"forwarded":0'))), key),
  ),
  // -- limits, as docs/ledger-format.md states them --
  t('limit-edit-with-live-key', 13, null, (lines, key) =>
    resign(rechain(edit(lines, at(lines, 1), changeTarget)), key),
  ),
  t('limit-last-batch-dropped', 13, null, (lines) => lines.slice(0, at(lines, 7))),
  t('limit-interior-checkpoint-removed', 13, null, (lines) => without(lines, at(lines, 3) - 1)),
];

/** The same bytes in another spelling: the last digit of base64 with a bit that stands for nothing. */
const spareBits = (digit: string): string => String.fromCharCode(digit.charCodeAt(0) + 1);

/** Ten minutes later on both clocks. */
const later = (line: string): string =>
  line
    .replace(/"t":"2026-11-24T05:00/, '"t":"2026-11-24T05:10')
    .replace(/"m":(\d+)/, (_, m: string) => `"m":${Number(m) + 600_000}`);
