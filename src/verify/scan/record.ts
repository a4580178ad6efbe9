/** Reads record lines in place: their form is looked at byte by byte, and only what the walk needs is taken out. */
import { isPayloadName, isRecordType, type RecordLine } from '../../ledger/format.js';
import type { RecordType } from '../../model/record.js';
import { behind } from './fixed.js';
import { type HexDigits, hexText, isHexOf } from './hashes.js';
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
/** Names of payloads that are remembered; there are few. */
const MAX_NAMES = 16;
/** For records without payloads; nothing is ever put in. */
const NONE: NamedPayload[] = [];
const MAX_PAYLOADS = 16;
const MAX_BYTES = 65_535;

/** A payload that a record names; its digits are those of the commitment, which must be the hash of a line. */
export interface NamedPayload extends HexDigits {
  readonly name: string;
}

/** Reads one record after another; its fields are those of the last one read. */
export class RecordScan {
  seq = 0;
  /** Milliseconds since 1970. */
  time = 0;
  m = 0;
  boot = '';
  type: RecordType = 'seg';
  /** Members of `d`; null where there is none, or one of another kind. */
  intent: number | null = null;
  forwarded: boolean | null = null;
  payloads: NamedPayload[] = [];
  private readonly link = { at: 0, read: '' };
  /** Where the string `d.call` begins and ends, quotes included; or what the strict parser took it for. */
  private callAt = 0;
  private callEnd = 0;
  private callRead: string | null = null;
  private bytes: Buffer = Buffer.alloc(0);
  private readonly json = new JsonScan('whole');
  private bootBytes: Buffer = Buffer.alloc(0);
  private number = 0;
  /** Names of payloads that were seen. */
  private readonly names: { readonly name: string; readonly bytes: Buffer }[] = [];
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
    let i = behind(this.bytes, at, HEAD);
    i = this.whole(i);
    this.seq = this.number;
    i = behind(this.bytes, i, PREV);
    if (i < 0) return -1;
    this.link.at = i;
    i = this.clock(behind(this.bytes, i + 64, TIME));
    i = this.whole(behind(this.bytes, i, MONOTONIC));
    this.m = this.number;
    i = this.bootAt(behind(this.bytes, i, BOOT));
    i = this.typeAt(behind(this.bytes, i, TYPE));
    i = this.data(behind(this.bytes, i, DATA));
    return i > 0 && this.bytes[i] === CLOSE && this.bytes[i + 1] === FEED && i + 1 - at <= MAX_BYTES ? i + 1 : -1;
  }

  /** The fields of a record that the strict parser read. */
  take({ seq, prev, time, m, boot, type, d, payloads }: RecordLine): void {
    this.seq = seq;
    this.link.at = 0;
    this.link.read = prev;
    this.time = time;
    this.m = m;
    this.type = type;
    this.boot = boot;
    this.bootBytes = Buffer.from(boot);
    const { call, intent, forwarded } = d;
    this.callAt = 0;
    this.callRead = typeof call === 'string' ? call : null;
    this.intent = typeof intent === 'number' ? intent : null;
    this.forwarded = typeof forwarded === 'boolean' ? forwarded : null;
    this.payloads = payloads.map(([name, read]) => ({ name, at: 0, read }));
  }

  /** The link. Hex, not looked at: it must equal the hash of the line before. */
  get prev(): string {
    return hexText(this.bytes, this.link);
  }

  /** Whether the link is this hash: see `isHexOf`. */
  isLinkedTo(leaf: string): boolean {
    return isHexOf(this.bytes, this.link, leaf);
  }

  /** Whether `d.call` is a string. */
  get isCall(): boolean {
    return this.callAt > 0 || this.callRead !== null;
  }

  /** `d.call`; null where there is none, or one that is no plain string. */
  get call(): string | null {
    if (this.callAt === 0) return this.callRead;
    const text = this.bytes.toString('utf8', this.callAt + 1, this.callEnd - 1);
    return text.includes('\\') ? null : text;
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
    const { json, bytes } = this;
    this.callAt = 0;
    this.callRead = null;
    this.intent = null;
    this.forwarded = null;
    this.payloads = NONE;
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
    const { bytes, json } = this;
    const initial = bytes[name + 1];
    if (initial === 0x70 && bytes[name + 2] === QUOTE) return this.commitments(at);
    const end = json.value(at, 2);
    if (end < 0) return -1;
    if (initial === 0x63 && this.isNamed(name, 'call')) {
      this.callAt = bytes[at] === QUOTE ? at : 0;
      this.callEnd = end;
    } else if (initial === 0x69 && this.isNamed(name, 'intent')) this.intent = this.count(at, end);
    else if (initial === 0x66 && this.isNamed(name, 'forwarded')) this.forwarded = this.boolean(at);
    return end;
  }

  private isNamed(at: number, name: string): boolean {
    for (let i = 0; i < name.length; i++) if (this.bytes[at + 1 + i] !== name.charCodeAt(i)) return false;
    return this.bytes[at + 1 + name.length] === QUOTE;
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
    this.payloads = [];
    for (let i = at + 1; ; ) {
      const value = json.name(i, outer);
      const end = value < 0 || bytes[value] !== QUOTE ? -1 : json.string(value);
      if (end !== value + 66 || this.payloads.length >= MAX_PAYLOADS) return -1;
      const name = this.payloadName(i + 1);
      if (name === undefined) return -1;
      this.payloads.push({ name, at: value + 1, read: '' });
      if (bytes[end] === CLOSE) {
        json.close(outer);
        return end + 1;
      }
      if (bytes[end] !== COMMA) return -1;
      i = end + 1;
    }
  }
  /** The name of a payload that begins at `at` and ends with a quote. */
  private payloadName(at: number): string | undefined {
    for (const { name, bytes } of this.names) {
      if (this.bytes[at + bytes.length] === QUOTE && this.isAt(at, bytes)) return name;
    }
    const name = this.bytes.toString('latin1', at, this.bytes.indexOf(QUOTE, at));
    if (!isPayloadName(name)) return undefined;
    if (this.names.length < MAX_NAMES) this.names.push({ name, bytes: Buffer.from(name) });
    return name;
  }
}
