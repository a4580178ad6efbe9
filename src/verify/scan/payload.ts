/** Checks payload lines in place: their form, and that they are what their record names. */
import { MAX_INLINE_BYTES, parsePayloadLine } from '../../ledger/format.js';
import { behind } from './fixed.js';
import { hashOf, hexText, isHexOf } from './hashes.js';
import { JsonScan } from './json.js';
import type { NamedPayload } from './record.js';

const CLOSE = 0x7d;
const MARK = 0x02;

/** A payload in a file of its own, which must give the commitment. */
export interface UncheckedBlob {
  /** Hex. */
  readonly commitment: string;
  /** Hex. */
  readonly salt: string;
}

/** Value of a lower-case hex digit; 255 for other bytes. */
const NIBBLE = new Uint8Array(256).fill(255);
for (const [value, digit] of Array.from('0123456789abcdef').entries()) NIBBLE[digit.charCodeAt(0)] = value;

export class PayloadScan {
  private bytes: Buffer = Buffer.alloc(0);
  private readonly json = new JsonScan('any');

  /** Payloads of these bytes from here on. They MUST be UTF-8 and end in a line feed. */
  over(bytes: Buffer): void {
    this.bytes = bytes;
    this.json.bytes = bytes;
  }

  /**
   * Checks the line from `at` to its line feed at `end`, which is overwritten in parts. `sound` where it is the
   * payload that the record names; for one in a file, what is to be checked of it; undefined where it is another or malformed.
   */
  check(at: number, end: number, seq: number, named: NamedPayload): UncheckedBlob | 'sound' | undefined {
    const salt = this.head(at, seq, named.name);
    if (salt < 0) return undefined;
    const data = behind(this.bytes, salt + 64, WHERE);
    if (data < 0) return this.blob(salt, end, hexText(this.bytes, named));
    const last = end - 1;
    if (this.bytes[last] !== CLOSE || last - data > MAX_INLINE_BYTES) return undefined;
    this.json.reset();
    // What is not plain may be JSON all the same: the parser throws where it is not.
    if (this.json.value(data, 0) !== last) parsePayloadLine(this.bytes.subarray(at, end));
    if (!this.prefix(salt, data)) return undefined;
    return isHexOf(this.bytes, named, hashOf(this.bytes, data - 33, last)) ? 'sound' : undefined;
  }

  /** Whether the line at `at` says it is the payload of this name and record. */
  isNamed(at: number, name: string, seq: number): boolean {
    return this.head(at, seq, name) >= 0;
  }

  /** The index of the salt. */
  private head(at: number, seq: number, name: string): number {
    const number = behind(this.bytes, at, SEQ);
    const afterNumber = number < 0 ? -1 : this.decimal(number, seq);
    const word = afterNumber < 0 ? -1 : behind(this.bytes, afterNumber, NAME);
    if (word < 0) return -1;
    for (let i = 0; i < name.length; i++) if (this.bytes[word + i] !== name.charCodeAt(i)) return -1;
    return behind(this.bytes, word + name.length, SALT);
  }

  /** The index behind a decimal of this value in its one form. */
  private decimal(at: number, wanted: number): number {
    let value = 0;
    let i = at;
    for (let byte = this.bytes[i] ?? 0; byte >= 0x30 && byte <= 0x39; byte = this.bytes[++i] ?? 0) {
      value = value * 10 + (byte - 0x30);
    }
    const hasZeroBefore = i > at + 1 && this.bytes[at] === 0x30;
    return value === wanted && i > at && !hasZeroBefore ? i : -1;
  }

  private blob(salt: number, end: number, commitment: string): UncheckedBlob | undefined {
    const digits = this.bytes.toString('latin1', salt, salt + 64);
    const isBlob = this.bytes.toString('latin1', salt + 64, end) === BLOB;
    return isBlob && HASH.test(digits) && HASH.test(commitment) ? { commitment, salt: digits } : undefined;
  }

  /**
   * The 33 bytes before the data, which were read, become what is hashed before it: a mark, and the salt. Its digits
   * stand before and partly under where its bytes come to stand, so the last ones are taken first.
   */
  private prefix(salt: number, data: number): boolean {
    const { bytes } = this;
    for (let i = 31; i >= 0; i--) {
      const high = NIBBLE[bytes[salt + 2 * i] ?? 0] ?? 255;
      const low = NIBBLE[bytes[salt + 2 * i + 1] ?? 0] ?? 255;
      if (high > 15 || low > 15) return false;
      bytes[data - 32 + i] = high * 16 + low;
    }
    bytes[data - 33] = MARK;
    return true;
  }
}

const HASH = /^[0-9a-f]{64}$/;
const SEQ = Buffer.from('>{"seq":');
const NAME = Buffer.from(',"name":"');
const SALT = Buffer.from('","salt":"');
const WHERE = Buffer.from('","data":');
const BLOB = '","blob":true}';
