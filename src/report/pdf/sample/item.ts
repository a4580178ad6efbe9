/** One item of a sample on a page: what happened, what can be seen from it, and where each of its records is proved. */
import { timestamp } from '../../../base/clock.js';
import type { PagesProof, SamplePage, SamplePages } from '../../trace/pages.js';
import { payloadKey } from '../../trace/pages.js';
import type { Trace, TraceCheck, TraceRecord, TraceStep } from '../../trace/trace.js';
import { figure, plural, shortTime } from '../../words.js';
import { BADGE_WIDTH, badge } from '../badge.js';
import type { Sheet } from '../sheet.js';
import { CAPTION, CELL, CELL_MUTED, H1, ID, LEAD, RED, RULE, SUB, type TextStyle } from '../style.js';
import { type Cell, table } from '../table.js';

const STRONG: TextStyle = { ...CELL, font: 'semibold' };
const HASH: TextStyle = { ...SUB, size: 6.8 };
const CODE: TextStyle = { ...ID, size: 7.2 };
/** Characters of a payload that a page shows. */
const MAX_TEXT = 900;

const head = (sheet: Sheet, page: SamplePage, of: number): void => {
  const { margin, width, content } = sheet.frame;
  sheet.page();
  const label: TextStyle = { font: 'semibold', size: 9.4, color: sheet.accent };
  sheet.tag('P', () => sheet.put(`Item ${figure(page.rank)} of ${figure(of)}`, margin, sheet.y - 5, label));
  sheet.y += 12;
  const top = sheet.y;
  sheet.heading(page.trace.title, H1, 'H1', content - BADGE_WIDTH - 16);
  const word = page.exceptions.length > 0 ? 'exceptions' : 'no_exceptions';
  sheet.tag('P', () => badge(sheet, word, width - margin - BADGE_WIDTH, top + 8));
  if (page.rank === 1) sheet.bookmark('2  Items', '2');
  sheet.bookmark(`${page.rank}  ${page.trace.title}`, `2.${page.rank}`);
  sheet.paragraph(page.item, { ...ID, size: 8.4 });
  const facts = [page.trace.kind, page.person, page.time === '' ? '' : `${shortTime(page.time)} UTC`];
  sheet.paragraph(facts.filter((fact) => fact !== '').join('    '), CELL_MUTED, { gap: 8 });
  sheet.paragraph(page.trace.lead, LEAD, { gap: 2 });
};

/** `05:21:34.123`, and its date where that is another than the one before; CloudTrail has whole seconds. */
const timeCell = ({ t, event }: TraceStep, before: TraceStep | undefined): Cell => {
  const iso = timestamp(Date.parse(t));
  const date = iso.slice(0, 10);
  const time = { text: iso.slice(11, event === null ? 23 : 19), style: CELL };
  return before?.t.startsWith(date) ? time : [time, { text: date, style: SUB }];
};

const recordCell = ({ record, event }: TraceStep): Cell => {
  if (record === null) return event === null ? '' : { text: event, style: SUB };
  return `record ${figure(record)}`;
};

const story = (sheet: Sheet, { steps }: Trace): void => {
  if (steps.length === 0) return;
  sheet.subheading('What happened');
  table(
    sheet,
    [
      { head: 'Time (UTC)', share: 70 },
      { head: 'Step', share: 62 },
      { head: 'What is on record', share: 258 },
      { head: 'Record or event', share: 97 },
    ],
    steps.map((step, i) => [
      timeCell(step, steps[i - 1]),
      { text: step.what, style: STRONG },
      step.lines.map((text, i) => ({ text, style: i === 0 ? CELL : CELL_MUTED })),
      recordCell(step),
    ]),
    { look: 'rules', padding: 2.4 },
  );
};

const ANSWERS: Readonly<Record<TraceCheck['holds'], Cell>> = {
  yes: { text: 'Yes', style: STRONG },
  no: { text: '▲ No', style: { ...STRONG, color: RED } },
  'not applicable': { text: 'Does not apply', style: CELL_MUTED },
};

const checks = (sheet: Sheet, { checks: rows }: Trace): void => {
  if (rows.length === 0) return;
  sheet.subheading('What can be seen from it');
  table(
    sheet,
    [
      { head: 'Question', share: 205 },
      { head: 'Answer', share: 72 },
      { head: 'Rests on', share: 210 },
    ],
    rows.map(({ what, holds, rests }) => [what, ANSWERS[holds], { text: rests, style: CELL_MUTED }]),
    { look: 'rules', padding: 1.8 },
  );
};

const exceptions = (sheet: Sheet, { exceptions: rows }: SamplePage): void => {
  if (rows.length === 0) return;
  sheet.subheading('Exceptions that the report lists for this item');
  table(
    sheet,
    [
      { head: 'Exception', share: 100 },
      { head: 'Expected', share: 190 },
      { head: 'Found', share: 197 },
    ],
    rows.map(({ id, expected, found }) => [{ text: id, style: HASH }, { text: expected, style: CELL_MUTED }, found]),
    { look: 'rules', padding: 3 },
  );
};

const texts = (sheet: Sheet, { texts: parts }: Trace, proof: PagesProof | null): void => {
  for (const { label, record, payload } of parts) {
    const text = proof?.texts.get(payloadKey(record, payload));
    if (text === undefined) continue;
    const shown = Array.from(text).slice(0, MAX_TEXT).join('');
    sheet.subheading(label, 30);
    sheet.paragraph(shown, CODE);
    const rest = text.length - shown.length;
    if (rest > 0) {
      sheet.paragraph(`And ${plural(rest, 'more character')}: payload ${payload} of record ${record}.`, CAPTION);
    }
    sheet.y += 4;
  }
};

const proofs = (sheet: Sheet, records: readonly TraceRecord[], proof: PagesProof | null): void => {
  if (records.length === 0 || proof === null) return;
  sheet.subheading('Records and their proofs');
  table(
    sheet,
    [
      { head: 'Record', share: 50, align: 'right' },
      { head: 'Type', share: 52 },
      { head: 'Leaf hash (SHA-256 of 0x00 and the line)', share: 300 },
      { head: 'Hashes to the root', share: 85, align: 'right' },
    ],
    records.map(({ seq, type, leaf }) => [
      figure(seq),
      { text: type, style: CELL_MUTED },
      { text: leaf, style: HASH },
      figure(proof.steps.get(seq) ?? 0),
    ]),
    { look: 'rules', padding: 1.2 },
  );
  const seqs = records.map(({ seq }) => seq).join(' ');
  sheet.paragraph(`countersign prove record ${seqs} --ledger PACKAGE/ledger/${proof.folder}`, CODE);
};

const sources = (sheet: Sheet, { events }: Trace): void => {
  if (events.length === 0) return;
  sheet.subheading('Where the package holds it as AWS delivered it');
  table(
    sheet,
    [
      { head: 'Event', share: 100 },
      { head: 'Object', share: 262 },
      { head: 'Place', share: 35, align: 'right' },
      { head: 'Digests of the trail', share: 90 },
    ],
    events.map(({ name, file, index, digest }) => [
      name,
      { text: `raw/${file.slice(0, 2)}/${file}`, style: HASH },
      index === null ? '' : figure(index),
      { text: digest, style: CELL_MUTED },
    ]),
    { look: 'rules', padding: 1.8 },
  );
};

/** Where the auditor writes; `samples.csv` has the same columns. */
const forAuditor = (sheet: Sheet): void => {
  const { margin, content } = sheet.frame;
  const labels = ['Result', 'Note', 'Auditor, date'];
  sheet.ensure(58);
  sheet.y += 12;
  const width = content / labels.length;
  labels.forEach((label, i) => {
    const x = margin + i * width;
    sheet.tag('P', () => sheet.put(label, x, sheet.y, CAPTION));
    sheet.rule(sheet.y + 34, RULE, 0.8, x, x + width - 12);
  });
  sheet.y += 40;
};

/** Draws one item, on as many pages as it needs. */
export const itemPage = (sheet: Sheet, page: SamplePage, { pages, proof }: SamplePages): void => {
  const { trace } = page;
  head(sheet, page, pages.length);
  story(sheet, trace);
  exceptions(sheet, page);
  checks(sheet, trace);
  sources(sheet, trace);
  proofs(sheet, trace.records, proof);
  for (const line of trace.omitted) sheet.paragraph(line, CAPTION);
  forAuditor(sheet);
  texts(sheet, trace, proof);
};
