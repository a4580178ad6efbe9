/** Checks payload lines in place: their form, and that they are what their record names. */
import { hash } from 'node:crypto';
import { MAX_INLINE_BYTES, parsePayloadLine } from '../../ledger/format.js';
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
  private readonly salt = new Uint8Array(32);

  /** Payloads of these bytes from here on. They MUST be UTF-8 and end in a line feed. */
  over(bytes: Buffer): void {
    this.bytes = bytes;
    this.json.bytes = bytes;
  }

  /**
   * Checks the line from `at` to its line feed at `end`, which is overwritten in parts. Null where it is the payload
   * that the record names; for one in a file, what is to be checked of it; undefined where it is another or malformed.
   */
  check(at: number, end: number, seq: number, { name, commitment }: NamedPayload): UncheckedBlob | null | undefined {
    const head = `>{"seq":${seq},"name":"${name}","salt":"`;
    const salt = at + head.length;
    const data = salt + 64 + WHERE.length;
    if (this.bytes.toString('latin1', at, salt) !== head || !this.saltAt(salt)) return undefined;
    const where = this.bytes[salt + 67] === 0x64 ? WHERE : BLOB;
    if (!this.isAt(salt + 64, where)) return undefined;
    if (where === BLOB) {
      const isBlob = this.bytes.toString('latin1', data, end) === 'true}' && HASH.test(commitment);
      return isBlob ? { commitment, salt: this.bytes.toString('latin1', salt, salt + 64) } : undefined;
    }
    const last = end - 1;
    if (this.bytes[last] !== CLOSE || last - data > MAX_INLINE_BYTES) return undefined;
    this.json.reset();
    // What is not plain may be JSON all the same: the parser throws where it is not.
    if (this.json.value(data, 0) !== last) parsePayloadLine(this.bytes.subarray(at, end));
    return this.hashOf(data, last) === commitment ? null : undefined;
  }

  private isAt(at: number, text: Buffer): boolean {
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text[i]) return false;
    return true;
  }

  /** The 33 bytes before the data, which were read, make room for what is hashed before it. */
  private hashOf(data: number, end: number): string {
    this.bytes[data - 33] = MARK;
    this.bytes.set(this.salt, data - 32);
    return hash('sha256', this.bytes.subarray(data - 33, end), 'hex');
  }

  private saltAt(at: number): boolean {
    for (let i = 0; i < 32; i++) {
      const high = NIBBLE[this.bytes[at + 2 * i] ?? 0] ?? 255;
      const low = NIBBLE[this.bytes[at + 2 * i + 1] ?? 0] ?? 255;
      if (high > 15 || low > 15) return false;
      this.salt[i] = high * 16 + low;
    }
    return true;
  }
}

const HASH = /^[0-9a-f]{64}$/;
const WHERE = Buffer.from('","data":');
const BLOB = Buffer.from('","blob":');
