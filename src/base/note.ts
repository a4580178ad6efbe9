/**
 * Signed notes and checkpoints (C2SP: signed-note.md, tlog-checkpoint.md), with Ed25519 signatures.
 *
 * A note is text that ends in a line feed, an empty line, and one line per signature:
 * `— <name> <base64 of key id ‖ signature>`. What is not in the one canonical form is refused.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

const ED25519 = 0x01;
const DASH = '\u2014 ';
const MAX_NOTE = 65_536;
const MAX_SIGNATURES = 16;

/** Why a text is not a note, a checkpoint or a verifier key. Never holds content. */
export class NoteError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'NoteError';
  }
}

/** Standard base64 in its one form: padded, without line breaks, without bits beyond the last byte. */
const decodeBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

/** Whether a text can name a key or a ledger: not empty, no white space, no plus sign, nothing unprintable. */
export const isNoteName = (name: string): boolean =>
  name.length > 0 && name.length <= 255 && name.isWellFormed() && !/[\s+\p{C}]/u.test(name);

export interface NoteSigner {
  readonly name: string;
  /** The verifier key: `name+<key id>+<base64 of 0x01 ‖ public key>`. */
  readonly key: string;
  /** The signature line for a text, without its line feed. */
  line(text: string): string;
}

export interface NoteVerifier {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly key: string;
  verify(text: string, signature: Uint8Array): boolean;
}

export interface NoteSignature {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly signature: Buffer;
}

export interface SignedNote {
  /** The signed text, its last line feed included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** SHA-256(name ‖ LF ‖ type ‖ public key), the first four bytes, hex. */
const keyIdOf = (name: string, type: number, publicKey: Uint8Array): string =>
  createHash('sha256').update(`${name}\n`).update(Uint8Array.of(type)).update(publicKey).digest('hex').slice(0, 8);

const rawPublicKey = (key: KeyObject): Buffer => {
  const { kty, crv, x } = (key.type === 'public' ? key : createPublicKey(key)).export({ format: 'jwk' });
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string') throw new NoteError('not an Ed25519 key');
  return Buffer.from(x, 'base64url');
};

/**
 * The verifier key of a public key under a name: `name+<key id>+<base64 of type ‖ public key>`.
 * @param key Ed25519, public or private
 * @param type signature type: 1 for notes, 4 for cosignatures
 * @throws NoteError where the name or the kind of key will not do
 */
export const verifierKeyOf = (name: string, key: KeyObject, type = ED25519): string => {
  if (!isNoteName(name)) throw new NoteError('a key name must not be empty or hold white space, plus or control signs');
  const raw = rawPublicKey(key);
  return `${name}+${keyIdOf(name, type, raw)}+${Buffer.concat([Uint8Array.of(type), raw]).toString('base64')}`;
};

/**
 * The signature line, without its line feed, of a signature that somebody else made.
 * @param key verifier key
 * @param signature its bytes, 64 of Ed25519; with a time before them in cosignatures
 */
export const signatureLine = (key: string, signature: Uint8Array): string => {
  const [name = '', keyId = ''] = key.split('+', 2);
  return `${DASH}${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}`;
};

/**
 * A signer under a name. For a ledger the name is its origin.
 * @param privateKey Ed25519
 * @throws NoteError where the name or the kind of key will not do
 */
export const createNoteSigner = (name: string, privateKey: KeyObject): NoteSigner => {
  if (privateKey.type !== 'private') throw new NoteError('not a private key');
  const key = verifierKeyOf(name, privateKey);
  return { name, key, line: (text) => signatureLine(key, sign(null, Buffer.from(text), privateKey)) };
};

/** What a verifier key of signed-note holds. */
export interface KeyParts {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly key: string;
  readonly publicKey: KeyObject;
}

/**
 * @param type the signature type that its first byte must be: 1 for notes, 4 for cosignatures
 * @throws NoteError where the text is not an Ed25519 verifier key of that type in its one form
 */
export const parseKeyParts = (key: string, type: number): KeyParts => {
  const [, name = '', keyId = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(key) ?? [];
  const bytes = decodeBase64(encoded);
  if (!isNoteName(name) || bytes?.length !== 33 || bytes[0] !== type) {
    throw new NoteError('not a verifier key of the form name+id+base64 for Ed25519');
  }
  const raw = bytes.subarray(1);
  if (keyIdOf(name, type, raw) !== keyId) throw new NoteError('the key id does not belong to the name and key');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
  return { name, keyId, key, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
};

/** @throws NoteError where the text is not an Ed25519 verifier key in its one form */
export const parseVerifierKey = (key: string): NoteVerifier => {
  const { name, keyId, publicKey } = parseKeyParts(key, ED25519);
  return { name, keyId, key, verify: (text, signature) => verify(null, Buffer.from(text), publicKey, signature) };
};

/** The signed note over a text that ends in a line feed. */
export const signNote = (text: string, signers: readonly NoteSigner[]): string =>
  `${text}\n${signers.map((signer) => `${signer.line(text)}\n`).join('')}`;

/** A signature line without its line feed. @throws NoteError */
export const parseSignatureLine = (line: string): NoteSignature => {
  const [, name = '', encoded = ''] = /^\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const bytes = decodeBase64(encoded);
  if (!isNoteName(name) || bytes === undefined || bytes.length < 5) throw new NoteError('a malformed signature line');
  return { name, keyId: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) };
};

/** @throws NoteError where the text is not a note with at least one signature line, and nothing else */
export const parseNote = (note: string): SignedNote => {
  if (note.length > MAX_NOTE) throw new NoteError('a note is too long');
  if (!note.isWellFormed() || /(?!\n)[\p{Cc}\ufffd]/u.test(note))
    throw new NoteError('a note holds control characters');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw new NoteError('a note has no signature block');
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new NoteError('a note has too many signatures');
  const signatures = lines.map(parseSignatureLine);
  if (new Set(signatures.map(({ name, keyId }) => `${name}+${keyId}`)).size !== signatures.length) {
    throw new NoteError('a note bears two signatures of one key');
  }
  return { text: note.slice(0, split + 1), signatures };
};

/** Whether a signature line of this key stands on the note and is valid; undefined where there is no such line. */
export const checkNote = (note: SignedNote, verifier: NoteVerifier): boolean | undefined => {
  const own = note.signatures.filter(({ name, keyId }) => name === verifier.name && keyId === verifier.keyId);
  if (own.length === 0) return undefined;
  return own.every(({ signature }) => signature.length === 64 && verifier.verify(note.text, signature));
};

export interface Checkpoint {
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
}

/** The three lines of a checkpoint. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** @throws NoteError; extension lines are refused, as nothing here writes them */
export const parseCheckpoint = (text: string): Checkpoint => {
  const [origin = '', decimal = '', encoded = '', end, ...more] = text.split('\n');
  const size = Number(decimal);
  const root = decodeBase64(encoded);
  if (end !== '' || more.length > 0) throw new NoteError('a checkpoint has three lines');
  if (!isNoteName(origin)) throw new NoteError('a checkpoint has no valid origin');
  if (!/^(0|[1-9][0-9]*)$/.test(decimal) || !Number.isSafeInteger(size)) {
    throw new NoteError('a checkpoint has no valid size');
  }
  if (root?.length !== 32) throw new NoteError('a checkpoint has no valid root');
  return { origin, size, root };
};
