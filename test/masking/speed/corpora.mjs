/** Messages of several kinds, to measure masking with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const hex = (n, i) =>
  Array.from({ length: n }, (_, k) => '0123456789abcdef'[(i * 7 + k * 11 + ((i * k) % 5)) % 16]).join('');
const uuid = (i) => `${hex(8, i)}-${hex(4, i + 1)}-4${hex(3, i + 2)}-a${hex(3, i + 3)}-${hex(12, i + 4)}`;

/** A record as services give them: identifiers, digests, dates, addresses, and little text. */
const record = (i) => ({
  id: uuid(i),
  commit: hex(40, i),
  created_at: `2026-03-${String((i % 28) + 1).padStart(2, '0')}T10:${String(i % 60).padStart(2, '0')}:00.000Z`,
  url: `https://api.example.com/repos/org/project-${i}/pulls/${i}?page=2&per_page=100`,
  title: `Fix the parser so that it keeps positions of members (#${i})`,
  body: 'The quick brown fox jumps over the lazy dog. See src/masking/detectors/index.ts for the list:\n- one\n- two\n',
  size: 1234567 + i,
  labels: ['bug', 'good-first-issue', 'v1.2.3'],
  open: i % 2 === 0,
});

const message = (bytes, make) => {
  const items = [];
  let size = 100;
  for (let i = 0; size < bytes; i++) {
    items.push(make(i));
    size += Buffer.byteLength(JSON.stringify(items[i])) + 1;
  }
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 7, result: { structuredContent: { items } } }));
};
const textMessage = (text) =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 7, result: { content: [{ type: 'text', text }] } }));

/** Lines of this project's own source and documents in which nothing is found. */
const ownLines = (mask) => {
  const root = join(import.meta.dirname, '../../..');
  const files = ['src/gateway', 'src/report', 'docs'].flatMap((dir) =>
    readdirSync(join(root, dir))
      .filter((file) => /[.](?:ts|md)$/.test(file))
      .map((file) => join(root, dir, file)),
  );
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  return lines.filter((line) => mask(Buffer.from(JSON.stringify([line]))).redactions.length === 0);
};
const filled = (lines, bytes) => {
  let text = '';
  for (let i = 0; text.length < bytes; i++) text += `${lines[i % lines.length]}\n`;
  return text.slice(0, bytes);
};

/**
 * Named messages.
 * @param mask the masker that tells which lines are clean
 * @param baits one value of each detector in a sentence, for a seed
 */
export const corpora = (mask, baits) => {
  const lines = ownLines(mask);
  const values = Array.from({ length: 60 }, (_, i) => baits(`speed ${i}`).map(({ text }) => text)).flat();
  const bait = (i) => values[i % values.length];
  const mixed = (i) => ({ ...record(i), log: filled(lines.slice((i * 17) % 500), 600) });
  return {
    'records 1 KB': message(1_000, record),
    'records 64 KB': message(64_000, record),
    'records 1 MB': message(1_000_000, record),
    'source and prose 1 KB': textMessage(filled(lines, 900)),
    'source and prose 64 KB': textMessage(filled(lines, 62_000)),
    'source and prose 1 MB': textMessage(filled(lines, 980_000)),
    'both 64 KB': message(64_000, mixed),
    'not ASCII 64 KB': message(64_000, (i) => ({ ...record(i), body: 'Größe und Maß, 東京都の天気は晴れです。' })),
    'escapes 64 KB': message(64_000, (i) => ({ ...record(i), note: `100%25 of ${i}` })),
    'one hit in 64 KB': message(64_000, (i) => (i === 50 ? { ...record(i), author: bait(i) } : record(i))),
    'dense records 64 KB': message(64_000, (i) => ({ id: i, note: bait(i) })),
    'dense text 64 KB': textMessage(filled(values, 62_000)),
  };
};
