/** Reads record lines in place: their form is looked at byte by byte, and only what the walk needs is taken out. */
import { isRecordType, type RecordLine } from '../../ledger/format.js';
import type { RecordType } from '../../model/record.js';
import { JsonScan } from './json.js';

const HEAD = Buffer.from('{"v":1,"seq":');
const PREV = Buffer.from(',"prev":"');
const TIME = Buffer.from('","t":"');
const MONOTONIC = Buffer.from('","m":');
const BOOT = Buffer.from(',"boot":"');
const TYPE = Buffer.from('","type":"');
const DATA = Buffer.from('","d":{');

const FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const CLOSE = 0x7d;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NAME = /^[a-z][a-z0-9_]{0,31}$/;
const MAX_PAYLOADS = 16;
const MAX_BYTES = 65_535;

/** Of a payload that a record names. */
export interface NamedPayload {
  readonly name: string;
  /** Hex, not looked at: it must equal the hash of a line. */
  readonly commitment: string;
}

/** Members of `d` that a walk asks for; one that is no plain string, number or boolean of its kind is not taken. */
interface Members {
  call: string | null;
  intent: number | null;
  forwarded: boolean | null;
}

/** Reads one record after another; its fields are those of the last one read. */
export class RecordScan {
  seq = 0;
  /** Hex, not looked at: it must equal the hash of the line before. */
  prev = '';
  /** Milliseconds since 1970. */
  time = 0;
  m = 0;
  boot = '';
  type: RecordType = 'seg';
  readonly d: Members = { call: null, intent: null, forwarded: null };
  payloads: NamedPayload[] = [];
  private bytes: Buffer = Buffer.alloc(0);
  private readonly json = new JsonScan('whole');
  private bootBytes: Buffer = Buffer.alloc(0);
  private number = 0;
  /** The types that were seen. */
  private readonly types: { readonly type: RecordType; readonly bytes: Buffer }[] = [];
  /** The last day read, with its `T`, and when it began. */
  private day: Buffer = Buffer.alloc(0);
  private midnight = Number.NaN;

  /** Records of these bytes from here on. They MUST be UTF-8 and end in a line feed. */
  over(bytes: Buffer): void {
    this.bytes = bytes;
    this.json.bytes = bytes;
  }

  /** Reads the record at `at`; the index of its line feed, or -1 where it is not plain. */
  read(at: number): number {
    this.json.reset();
    let i = this.fixed(at, HEAD);
    i = this.whole(i);
    this.seq = this.number;
    i = this.fixed(i, PREV);
    if (i < 0) return -1;
    this.prev = this.bytes.toString('latin1', i, i + 64);
    i = this.clock(this.fixed(i + 64, TIME));
    i = this.whole(this.fixed(i, MONOTONIC));
    this.m = this.number;
    i = this.bootAt(this.fixed(i, BOOT));
    i = this.typeAt(this.fixed(i, TYPE));
    i = this.data(this.fixed(i, DATA));
    return i > 0 && this.bytes[i] === CLOSE && this.bytes[i + 1] === FEED && i + 1 - at <= MAX_BYTES ? i + 1 : -1;
  }

  /** The fields of a record that the strict parser read. */
  take({ seq, prev, time, m, boot, type, d, payloads }: RecordLine): void {
    this.seq = seq;
    this.prev = prev;
    this.time = time;
    this.m = m;
    this.type = type;
    this.boot = boot;
    this.bootBytes = Buffer.from(boot);
    const { call, intent, forwarded } = d;
    this.d.call = typeof call === 'string' ? call : null;
    this.d.intent = typeof intent === 'number' ? intent : null;
    this.d.forwarded = typeof forwarded === 'boolean' ? forwarded : null;
    this.payloads = payloads.map(([name, commitment]) => ({ name, commitment }));
  }

  private fixed(at: number, text: Buffer): number {
    if (at < 0) return -1;
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text[i]) return -1;
    return at + text.length;
  }

  /** A decimal, into `number`. */
  private whole(at: number): number {
    if (at < 0) return -1;
    let value = 0;
    let i = at;
    for (let byte = this.bytes[i] ?? 0; byte >= 0x30 && byte <= 0x39; byte = this.bytes[++i] ?? 0) {
      value = value * 10 + (byte - 0x30);
    }
    if (i === at || i - at > 15 || (this.bytes[at] === 0x30 && i - at > 1)) return -1;
    this.number = value;
    return i;
  }

  /** Two digits, or NaN. */
  private two(at: number): number {
    const [a = 0, b = 0] = [this.bytes[at], this.bytes[at + 1]];
    return a >= 0x30 && a <= 0x39 && b >= 0x30 && b <= 0x39 ? (a - 0x30) * 10 + (b - 0x30) : Number.NaN;
  }

  /** `YYYY-MM-DDTHH:MM:SS.mmmZ`. */
  private clock(at: number): number {
    if (at < 0) return -1;
    const { bytes } = this;
    if (this.day.length === 0 || !this.isAt(at, this.day)) {
      const day = bytes.toString('latin1', at, at + 11);
      const midnight = Date.parse(`${day}00:00:00.000Z`);
      if (Number.isNaN(midnight) || new Date(midnight).toISOString() !== `${day}00:00:00.000Z`) return -1;
      this.day = Buffer.from(day);
      this.midnight = midnight;
    }
    // NaN, of what are no digits, is below nothing.
    const [hour, minute, second] = [this.two(at + 11), this.two(at + 14), this.two(at + 17)];
    const millis = this.two(at + 20) * 10 + (this.two(at + 21) % 10);
    const isWithin = hour < 24 && minute < 60 && second < 60 && millis < 1000;
    if (!isWithin || !this.isMarked(at)) return -1;
    this.time = this.midnight + ((hour * 60 + minute) * 60 + second) * 1000 + millis;
    return at + 24;
  }

  /** The signs between the digits of a time. */
  private isMarked(at: number): boolean {
    const { bytes } = this;
    return bytes[at + 13] === 0x3a && bytes[at + 16] === 0x3a && bytes[at + 19] === 0x2e && bytes[at + 23] === 0x5a;
  }

  private isAt(at: number, text: Buffer): boolean {
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text[i]) return false;
    return true;
  }

  private bootAt(at: number): number {
    if (at < 0) return -1;
    if (this.bootBytes.length > 0 && this.isAt(at, this.bootBytes)) return at + 36;
    const boot = this.bytes.toString('latin1', at, at + 36);
    if (!UUID.test(boot)) return -1;
    this.boot = boot;
    this.bootBytes = Buffer.from(boot);
    return at + 36;
  }

  private typeAt(at: number): number {
    if (at < 0) return -1;
    for (const { type, bytes } of this.types) {
      if (this.bytes[at + bytes.length] !== QUOTE || !this.isAt(at, bytes)) continue;
      this.type = type;
      return at + bytes.length;
    }
    const end = this.bytes.indexOf(QUOTE, at);
    const type = this.bytes.toString('latin1', at, Math.min(end, at + 32));
    if (!isRecordType(type)) return -1;
    this.type = type;
    this.types.push({ type, bytes: Buffer.from(type) });
    return end;
  }

  /** The members of `d`; the index behind its brace. */
  private data(at: number): number {
    if (at < 0) return -1;
    const { d, json, bytes } = this;
    d.call = d.intent = d.forwarded = null;
    this.payloads = [];
    if (bytes[at] === CLOSE) return at + 1;
    const outer = json.open();
    let i = at;
    for (;;) {
      const value = json.name(i, outer);
      if (value < 0) return -1;
      i = this.member(i, value);
      if (i < 0) return -1;
      if (bytes[i] === CLOSE) break;
      if (bytes[i] !== COMMA) return -1;
      i++;
    }
    json.close(outer);
    return i + 1;
  }

  /** One member of `d`, with its name at `name` and its value at `at`. */
  private member(name: number, at: number): number {
    const { bytes, json, d } = this;
    const initial = bytes[name + 1];
    if (initial === 0x70 && bytes[name + 2] === QUOTE) return this.commitments(at);
    const end = json.value(at, 2);
    if (end < 0) return -1;
    if (initial === 0x63 && this.isNamed(name, 'call')) d.call = this.text(at, end);
    else if (initial === 0x69 && this.isNamed(name, 'intent')) d.intent = this.count(at, end);
    else if (initial === 0x66 && this.isNamed(name, 'forwarded')) d.forwarded = this.boolean(at);
    return end;
  }

  private isNamed(at: number, name: string): boolean {
    for (let i = 0; i < name.length; i++) if (this.bytes[at + 1 + i] !== name.charCodeAt(i)) return false;
    return this.bytes[at + 1 + name.length] === QUOTE;
  }

  private text(at: number, end: number): string | null {
    const text = this.bytes[at] === QUOTE ? this.bytes.toString('utf8', at + 1, end - 1) : null;
    return text === null || text.includes('\\') ? null : text;
  }

  private count(at: number, end: number): number | null {
    const byte = this.bytes[at] ?? 0;
    return byte >= 0x30 && byte <= 0x39 ? Number(this.bytes.toString('latin1', at, end)) : null;
  }

  private boolean(at: number): boolean | null {
    const byte = this.bytes[at];
    return byte === 0x74 ? true : byte === 0x66 ? false : null;
  }

  /** `d.p`: names and commitments, in their order. */
  private commitments(at: number): number {
    const { bytes, json } = this;
    if (bytes[at] !== 0x7b) return -1;
    const outer = json.open();
    for (let i = at + 1; ; ) {
      const value = json.name(i, outer);
      const end = value < 0 || bytes[value] !== QUOTE ? -1 : json.string(value);
      if (end !== value + 66 || this.payloads.length >= MAX_PAYLOADS) return -1;
      const name = bytes.toString('latin1', i + 1, bytes.indexOf(QUOTE, i + 1));
      if (!NAME.test(name)) return -1;
      this.payloads.push({ name, commitment: bytes.toString('latin1', value + 1, value + 65) });
      if (bytes[end] === CLOSE) {
        json.close(outer);
        return end + 1;
      }
      if (bytes[end] !== COMMA) return -1;
      i = end + 1;
    }
  }
}
