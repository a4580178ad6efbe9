/** Cosignatures of witnesses (C2SP tlog-cosignature, cosignature/v1 with Ed25519). */
import { type KeyObject, sign, verify } from 'node:crypto';
import { type KeyParts, NoteError, type NoteSignature, parseKeyParts, signatureLine, verifierKeyOf } from './note.js';

const COSIGNATURE = 0x04;
/** Eight bytes of time, and an Ed25519 signature. */
const LENGTH = 72;
/** Beyond it the time is no day of this calendar: 9999-12-31. */
const MAX_TIME = 253_402_300_799n;

/** A witness, as its verifier key names it. */
export type Cosigner = KeyParts;

/** @throws NoteError where the text is not a verifier key of type 4 */
export const parseCosigner = (key: string): Cosigner => parseKeyParts(key, COSIGNATURE);

/** What a witness signs: that at `time`, seconds since 1970, this was the largest consistent tree it had seen. */
const signedText = (time: bigint, checkpoint: string): Buffer =>
  Buffer.from(`cosignature/v1\ntime ${time}\n${checkpoint}`);

/**
 * When the witness cosigned, milliseconds since 1970; undefined where the signature is not its own or is false.
 * @param checkpoint the text of the note, its last line feed included
 */
export const checkCosignature = (
  checkpoint: string,
  { name, keyId, signature }: NoteSignature,
  cosigner: Cosigner,
): number | undefined => {
  if (name !== cosigner.name || keyId !== cosigner.keyId || signature.length !== LENGTH) return undefined;
  const time = signature.readBigUInt64BE(0);
  if (time > MAX_TIME) return undefined;
  const good = verify(null, signedText(time, checkpoint), cosigner.publicKey, signature.subarray(8));
  return good ? Number(time) * 1000 : undefined;
};

/** A witness's own key. */
export interface CosignerKey {
  /** Verifier key of type 4. */
  readonly key: string;
  /** The signature line over a checkpoint's text, without its line feed; `time` in milliseconds since 1970. */
  line(checkpoint: string, time: number): string;
}

/** @throws NoteError where name or kind of key will not do */
export const createCosigner = (name: string, privateKey: KeyObject): CosignerKey => {
  if (privateKey.type !== 'private') throw new NoteError('not a private key');
  const key = verifierKeyOf(name, privateKey, COSIGNATURE);
  const line = (checkpoint: string, time: number): string => {
    const head = Buffer.alloc(8);
    const seconds = BigInt(Math.floor(time / 1000));
    head.writeBigUInt64BE(seconds);
    const signature = sign(null, signedText(seconds, checkpoint), privateKey);
    return signatureLine(key, Buffer.concat([head, signature]));
  };
  return { key, line };
};
