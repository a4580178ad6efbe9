/**
 * Speed of masking, as MB/s of message bytes and as a ratio to JSON.parse on the same machine:
 * gate on the ratio. Run after `npm run build`: node bench/masking.js
 */
import { createMasker } from '../dist/masking/mask.js';

const mask = createMasker({
  name: 'bench',
  detectors: ['secrets', 'personal'],
  keys: ['password', 'token', 'secret'],
});

const hex = (n, i) =>
  Array.from({ length: n }, (_, k) => '0123456789abcdef'[(i * 7 + k * 11 + ((i * k) % 5)) % 16]).join('');
const uuid = (i) => `${hex(8, i)}-${hex(4, i + 1)}-4${hex(3, i + 2)}-a${hex(3, i + 3)}-${hex(12, i + 4)}`;
const cleanRecord = (i) => ({
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
const message = (bytes, record) => {
  const items = [];
  let size = 100;
  for (let i = 0; size < bytes; i++) {
    items.push(record(i));
    size += JSON.stringify(items[i]).length + 1;
  }
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 7, result: { structuredContent: { items } } }));
};
const dense = (i) => ({ ...cleanRecord(i), author: `user${i}@mail.example.com`, db_password: `hunter${i}` });
const escaped = (i) => ({ ...cleanRecord(i), note: `caf\u00e9 100%25 \ufe0f` });

/** Median seconds of one run. */
const time = (run) => {
  const once = () => {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  for (let i = 0; i < 5; i++) once();
  return Array.from({ length: 11 }, once).sort((a, b) => a - b)[5];
};

const cases = [
  ['clean 1 KB', message(1_000, cleanRecord)],
  ['clean 64 KB', message(64_000, cleanRecord)],
  ['clean 1 MB', message(1_000_000, cleanRecord)],
  ['clean 64 KB, forced parse', message(64_000, escaped)],
  ['dense 64 KB', message(64_000, dense)],
  ['adversarial 64 KB token=', Buffer.from(JSON.stringify({ text: 'token='.repeat(10_000) }))],
  ['adversarial 64 KB a@a@', Buffer.from(JSON.stringify({ text: 'a@'.repeat(32_000) }))],
];

console.log('case                         bytes      MB/s   µs/message   of JSON.parse');
for (const [name, bytes] of cases) {
  const rounds = Math.max(1, Math.ceil(2_000_000 / bytes.length));
  const masked = time(() => {
    for (let i = 0; i < rounds; i++) mask(bytes);
  });
  const parsed = time(() => {
    for (let i = 0; i < rounds; i++) JSON.parse(bytes.toString('utf8'));
  });
  const speed = (bytes.length * rounds) / masked / 1e6;
  const micros = (masked / rounds) * 1e6;
  console.log(
    `${name.padEnd(26)} ${String(bytes.length).padStart(8)} ${speed.toFixed(1).padStart(9)} ${micros.toFixed(1).padStart(12)} ${(parsed / masked).toFixed(2).padStart(12)}x`,
  );
}
