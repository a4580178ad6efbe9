/** Checks checkpoint lines in place: their form, their size and origin, and that the key of the range signed them. */
import { checkNote, type NoteVerifier } from '../../base/note.js';
import { parseCheckpointLine } from '../../ledger/format.js';
import { behind } from './fixed.js';

/** Digits of a root of 32 bytes, and of a key id with a signature, 68 bytes, in base64. */
const ROOT_DIGITS = 44;
const SIGNED_DIGITS = 92;

/** The bytes of base64 in its one form; undefined where it is another. */
const decoded = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

/** As it stands between the quotes of a checkpoint line. */
const inJson = (text: string): Buffer => Buffer.from(JSON.stringify(text).slice(1, -1));

const BEGIN = Buffer.from('~"');
const LINE_END = inJson('\n');
const END = Buffer.from('\\n"');

/** Reads the one form that the writer has; what is not in it goes to the strict parser. */
export class CheckpointScan {
  private readonly bytes: Buffer;
  private readonly verifier: NoteVerifier;
  private readonly origin: Buffer;
  private readonly signer: Buffer;

  /** @param bytes UTF-8 that ends in a line feed */
  constructor(bytes: Buffer, verifier: NoteVerifier) {
    this.bytes = bytes;
    this.verifier = verifier;
    this.origin = inJson(`${verifier.name}\n`);
    this.signer = inJson(`\n\n\u2014 ${verifier.name} `);
  }

  /**
   * The root, in hex, that the line from `at` to its line feed at `end` signs over so many records. Undefined where it is
   * of another size, origin or key, or its signature is not valid.
   * @throws FormatError
   */
  root(at: number, end: number, size: number): string | undefined {
    return this.plain(at, end, size) ?? this.strict(at, end, size);
  }

  private plain(at: number, end: number, size: number): string | undefined {
    const { bytes, verifier } = this;
    const decimal = String(size);
    let i = behind(bytes, behind(bytes, at, BEGIN), this.origin);
    i = behind(bytes, i, Buffer.from(decimal));
    const rootAt = behind(bytes, i, LINE_END);
    if (rootAt < 0) return undefined;
    const signedAt = behind(bytes, rootAt + ROOT_DIGITS, this.signer);
    if (signedAt < 0 || behind(bytes, signedAt + SIGNED_DIGITS, END) !== end) return undefined;
    const digits = bytes.toString('latin1', rootAt, rootAt + ROOT_DIGITS);
    const root = decoded(digits);
    const signed = decoded(bytes.toString('latin1', signedAt, signedAt + SIGNED_DIGITS));
    if (root?.length !== 32 || signed?.length !== 68 || signed.toString('hex', 0, 4) !== verifier.keyId)
      return undefined;
    const text = `${verifier.name}\n${decimal}\n${digits}\n`;
    return verifier.verify(text, signed.subarray(4)) ? root.toString('hex') : undefined;
  }

  private strict(at: number, end: number, size: number): string | undefined {
    const { note, checkpoint } = parseCheckpointLine(this.bytes.subarray(at, end));
    const isOwn = checkpoint.origin === this.verifier.name && checkpoint.size === size;
    return isOwn && checkNote(note, this.verifier) === true ? checkpoint.root.toString('hex') : undefined;
  }
}
