/** The root key of a ledger: what certifies the keys of its segments, and what a trust file names. */
import { KeyObject, sign } from 'node:crypto';
import { CountersignError } from '../base/errors.js';
import { createNoteSigner, NoteError, type NoteSigner, signatureLine, verifierKeyOf } from '../base/note.js';

/** An Ed25519 key that is kept elsewhere and signs on request. */
export interface RemoteKey {
  readonly publicKey: KeyObject;
  /**
   * Ed25519 over these bytes as they are; 64 bytes.
   * @throws CountersignError ROOT_KEY_UNAVAILABLE
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** The root key under the origin of the ledger. */
export interface RootKey {
  /** The origin. */
  readonly name: string;
  /** Verifier key. */
  readonly key: string;
  /** Signs checkpoints itself, in a ledger of one key; null where the key is kept elsewhere, and only certifies. */
  readonly signer: NoteSigner | null;
  /**
   * Ed25519 over the text; 64 bytes.
   * @throws CountersignError ROOT_KEY_UNAVAILABLE
   */
  sign(text: string): Promise<Uint8Array>;
}

/**
 * The root key of a ledger.
 * @param dir for messages
 * @param key Ed25519: a private key, or one that is kept elsewhere
 * @throws CountersignError LEDGER_KEY where origin and key cannot make one
 */
export const rootKey = (dir: string, origin: string, key: KeyObject | RemoteKey): RootKey => {
  try {
    if (!(key instanceof KeyObject)) {
      const sign = (text: string): Promise<Uint8Array> => key.sign(Buffer.from(text));
      return { name: origin, key: verifierKeyOf(origin, key.publicKey), signer: null, sign };
    }
    const signer = createNoteSigner(origin, key);
    return { name: origin, key: signer.key, signer, sign: async (text) => sign(null, Buffer.from(text), key) };
  } catch (error) {
    if (error instanceof NoteError) throw new CountersignError('LEDGER_KEY', { dir, problem: error.message });
    throw error;
  }
};

/** The root key's signature line over the text of a note. */
export const rootLine = async (root: RootKey, text: string): Promise<string> =>
  signatureLine(root.key, await root.sign(text));
