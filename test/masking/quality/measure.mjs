/**
 * Precision and recall of each detector over the labelled set: values in the carriers in which servers send them, and
 * near misses in the same carriers.
 */
import { createDraw } from './draw.mjs';
import { NEAR_MISSES } from './near-misses.mjs';
import { POSITIVES } from './positives.mjs';

/** Ways in which a text reaches a client. */
const CARRIERS = [
  (text) => text,
  (text) => `2026-11-24 10:11:12 INFO handler said: ${text}\nnext line`,
  (text) => JSON.stringify({ rows: [{ id: 7, note: text }] }),
  (text) => JSON.stringify({ outer: JSON.stringify({ note: text }) }),
  (text) => `# Notes\n\n\`\`\`\n${text}\n\`\`\`\n`,
  (text) => `id,note\n7,"${text.replaceAll('"', '""')}"\n`,
  (text) => `<li title="x">${text}</li>`,
];

const answerWith = (text) =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } }));

const MASK = /\[redacted:([a-z0-9-]+)\]/g;
/** What stands at the place of a value in the text that came out. */
const HOLE = '\0';

/** Whether the text beside the value came out as it was. */
const isWhole = (out, carried, written) => {
  const clear = carried.replaceAll(written, HOLE);
  return out.replaceAll(MASK, HOLE).replaceAll(/\0+/g, HOLE) === clear.replaceAll(/\0+/g, HOLE);
};

/** A value as it stands inside JSON, at any depth of nesting. */
const writings = (value) => {
  const once = JSON.stringify(value).slice(1, -1);
  return [value, once, JSON.stringify(once).slice(1, -1), value.replaceAll('"', '""')];
};

/**
 * @param mask from bytes to masked bytes, with every detector on
 * @param perDetector values of each detector; a quarter as many near misses of each form
 * @returns rows by detector: values, how many were found whole, how often the detector masked what is no value
 */
export const measure = (mask, perDetector) => {
  const rows = new Map(
    Object.keys(POSITIVES).map((detector) => [detector, { detector, values: 0, found: 0, wrong: 0, examples: [] }]),
  );
  const masked = (text) => JSON.parse(mask(answerWith(text)).bytes.toString('utf8')).result.content[0].text;
  const blame = (detector, text) => {
    const row = rows.get(detector);
    if (!row) throw new Error(`there are no values of ${detector}`);
    row.wrong++;
    row.examples.push(text);
  };
  for (const [detector, make] of Object.entries(POSITIVES)) {
    const draw = createDraw(detector);
    const row = rows.get(detector);
    for (let i = 0; i < perDetector; i++) {
      const { value, text = `it is ${value} .` } = make(draw);
      const carried = CARRIERS[i % CARRIERS.length](text);
      const out = masked(carried);
      const written = writings(value).findLast((one) => carried.includes(one)) ?? value;
      row.values++;
      if (out.includes(written)) row.examples.push(text);
      else {
        row.found++;
        if (!isWhole(out, carried, written)) blame(detector, text);
      }
    }
  }
  let nearMisses = 0;
  const draw = createDraw('near misses');
  for (const make of NEAR_MISSES)
    for (let i = 0; i < perDetector / 4; i++) {
      nearMisses++;
      const text = CARRIERS[i % CARRIERS.length](make(draw));
      for (const [, detector] of masked(text).matchAll(MASK)) blame(detector, text);
    }
  return { rows: [...rows.values()], nearMisses };
};

const percent = (part, whole) => `${((100 * part) / whole).toFixed(1)} %`;

/** The rows as a table in Markdown. */
export const qualityTable = (rows) =>
  [
    '| detector | values | recall | precision |',
    '| --- | ---: | ---: | ---: |',
    ...rows.map(
      ({ detector, values, found, wrong }) =>
        `| \`${detector}\` | ${values} | ${percent(found, values)} | ${percent(found, found + wrong)} |`,
    ),
  ].join('\n');
