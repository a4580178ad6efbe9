/**
 * Verification of a ledger that was just written: segments of 64 MiB with keys of their own, batches of so many
 * records. Records per second as the clock has it, CPU of all threads for a record, what two cores would do at that
 * rate, and the peak of the memory of a process that verifies and does nothing else.
 */
import { execFile } from 'node:child_process';
import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createCompactRange, leafHash } from '../../dist/base/merkle.js';
import { checkpointText, createNoteSigner, signNote } from '../../dist/base/note.js';
import { checkpointLine, commitmentOf, segmentName, segmentText } from '../../dist/ledger/format.js';

const ORIGIN = 'example.com/bench';
const SEGMENT_BYTES = 64 * 1024 * 1024;
const BOOT = '00000000-0000-4000-8000-000000000001';

/** The lines of a ledger, batch by batch, as the writer of the product has them. */
class Generator {
  constructor(dir, draft) {
    this.dir = dir;
    this.draft = draft;
    this.rootKey = generateKeyPairSync('ed25519').privateKey;
    this.root = createNoteSigner(ORIGIN, this.rootKey);
    this.range = createCompactRange();
    this.prev = '0'.repeat(64);
    this.seq = 0;
    this.bytes = 0;
    this.recordBytes = 0;
  }

  record(type, d) {
    const t = new Date(Date.UTC(2026, 0, 1) + this.seq).toISOString();
    const head = `{"v":1,"seq":${this.seq},"prev":"${this.prev}","t":"${t}","m":${this.seq}`;
    const line = `${head},"boot":"${BOOT}","type":"${type}","d":${JSON.stringify(d)}}`;
    const leaf = leafHash(Buffer.from(line));
    this.range.append(leaf);
    this.prev = leaf.toString('hex');
    this.seq++;
    return `${line}\n`;
  }

  call() {
    const { d, payloads } = this.draft;
    const salt = Buffer.alloc(32, this.seq % 256);
    const p = { args: commitmentOf(salt, payloads.args) };
    const payload = `>{"seq":${this.seq},"name":"args","salt":"${salt.toString('hex')}","data":${payloads.args}}\n`;
    const lines = this.record(this.draft.type, { ...d, p }) + payload;
    this.recordBytes = Buffer.byteLength(lines);
    return lines;
  }

  checkpoint() {
    const text = checkpointText({ origin: ORIGIN, size: this.range.size, root: this.range.root() });
    return `${checkpointLine(signNote(text, [this.signer]))}\n`;
  }

  async segment() {
    await this.file?.close();
    this.file = await open(join(this.dir, 'log', segmentName(this.seq)), 'w');
    this.inFile = 0;
    const key = generateKeyPairSync('ed25519').privateKey;
    this.signer = createNoteSigner(ORIGIN, key);
    const text = segmentText(ORIGIN, this.seq, this.signer.key, this.prev);
    const cert = sign(null, Buffer.from(text), this.rootKey).toString('base64');
    await this.write(
      this.record('seg', { origin: ORIGIN, key: this.signer.key, root: this.root.key, cert }) + this.checkpoint(),
    );
  }

  async write(lines) {
    const { bytesWritten } = await this.file.write(lines);
    this.inFile += bytesWritten;
    this.bytes += bytesWritten;
  }
}

const generate = async (dir, records, batch, draft) => {
  await mkdir(join(dir, 'log'), { recursive: true });
  const ledger = new Generator(dir, draft);
  await ledger.segment();
  while (ledger.seq < records) {
    if (ledger.inFile > SEGMENT_BYTES) await ledger.segment();
    let lines = '';
    for (let i = 0; i < batch; i++) lines += ledger.call();
    await ledger.write(lines + ledger.checkpoint());
  }
  await ledger.file.close();
  return ledger;
};

/** Microseconds of one SHA-256 over as many bytes as a record with its payload has. */
const hashMicros = (length) => {
  const bytes = Buffer.alloc(length, 0x61);
  const rounds = 200_000;
  const cpu = process.cpuUsage();
  for (let i = 0; i < rounds; i++) hash('sha256', bytes, 'hex');
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / rounds;
};

/** A process of its own, so that its memory and its threads are the verifier's alone. */
const VERIFY = `
const { verifyPath } = await import(process.argv[1]);
const before = process.cpuUsage();
const from = performance.now();
const { exit } = await verifyPath(process.argv[2]);
const { user, system } = process.cpuUsage(before);
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ exit, ms: performance.now() - from, cpu: user + system, maxRSS }));
`;

/**
 * @param records how many to write and verify
 * @param batch records under one checkpoint
 * @param draft the record
 */
export const measureVerify = async (records, batch, draft) => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  try {
    const { seq, bytes, recordBytes } = await generate(dir, records, batch, draft);
    const verifier = new URL('../../dist/verify/verify.js', import.meta.url).href;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      VERIFY,
      verifier,
      dir,
    ]);
    const { exit, ms, cpu, maxRSS } = JSON.parse(stdout);
    const micros = cpu / seq;
    return {
      verified: seq,
      batch,
      exit,
      bytesPerRecord: Math.round(bytes / seq),
      recordsPerSecond: Math.round(seq / (ms / 1000)),
      cpuMicrosPerRecord: Number(micros.toFixed(2)),
      recordsPerSecondOfTwoCores: Math.round(2_000_000 / micros),
      timesSha256: Number((micros / hashMicros(recordBytes)).toFixed(1)),
      peakMegabytes: Math.round(maxRSS / 1024),
    };
  } finally {
    await rm(dir, { recursive: true });
  }
};
