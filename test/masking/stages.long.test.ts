import { expect, test } from 'vitest';
import { parseJson } from '../../src/base/json.js';
import { createRules } from '../../src/masking/document.js';
import { createMasker, createTextMasker } from '../../src/masking/mask.js';
import { createScanner } from '../../src/masking/scan.js';
import { PIECES, PROFILE } from './samples.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');

/** Every row of three pieces, or each n-th of them where the scale is smaller. */
function* rows(): Generator<string> {
  const step = Math.max(1, Math.round(1 / scale));
  const size = PIECES.length;
  for (let i = 0; i < size ** 3; i += step) {
    yield `${PIECES[i % size]}${PIECES[Math.floor(i / size) % size]}${PIECES[Math.floor(i / size / size)]}`;
  }
}

test('three pieces in a row: the raw stage overlooks nothing, and masking again changes nothing', () => {
  const mask = createMasker(PROFILE);
  const maskText = createTextMasker(PROFILE);
  const rules = createRules(createScanner(PROFILE));
  const overlooked: string[] = [];
  const unstable: string[] = [];
  for (const row of rows()) {
    for (const value of [{ a: row }, { [row]: 'hunter2' }, { a: JSON.stringify({ b: row }) }]) {
      const json = Buffer.from(JSON.stringify(value));
      const { bytes } = mask(json);
      const edits = rules.tree(json, parseJson(json), 0).edits.length;
      if ((bytes === json) !== (edits === 0)) overlooked.push(json.toString());
      if (mask(bytes).bytes !== bytes) unstable.push(json.toString());
    }
    const { text } = maskText(row);
    if (maskText(text).text !== text) unstable.push(row);
  }
  expect(overlooked).toEqual([]);
  expect(unstable).toEqual([]);
});
