/** Orders as files: written once, signed by each custodian in turn, and read when they are carried out. */
import { readBounded, realFiles, writeAtomic } from '../../base/durable.js';
import { CountersignError, reason } from '../../base/errors.js';
import { createNoteSigner, NoteError, parseNote } from '../../base/note.js';
import { loadSigningKey } from '../../ledger/keys.js';
import { type Order, orderText, parseOrder, type SignedOrder } from '../../model/order.js';

const MAX_BYTES = 65_536;

const invalid = (file: string, problem: string): CountersignError =>
  new CountersignError('ORDER_INVALID', { file, problem });

/** A new file with an order that nobody has signed. @throws CountersignError ORDER_INVALID where there is one */
export const writeOrder = async (file: string, order: Order): Promise<void> => {
  if (await realFiles.facts(file)) throw invalid(file, 'it exists already');
  await writeAtomic(file, Buffer.from(orderText(order)));
};

const readText = async (file: string): Promise<string> => {
  try {
    return (await readBounded(file, MAX_BYTES)).toString('utf8');
  } catch (error) {
    throw invalid(file, reason(error));
  }
};

/** @throws CountersignError ORDER_INVALID where it is none, or bears no signature */
export const readOrder = async (file: string): Promise<{ readonly text: string; readonly order: SignedOrder }> => {
  const text = await readText(file);
  try {
    return { text, order: parseOrder(text) };
  } catch (error) {
    if (error instanceof NoteError) throw invalid(file, error.message);
    throw error;
  }
};

/** What `countersign ledger sign` is asked for. */
export interface SignOrderAsk {
  readonly file: string;
  /** PKCS#8 PEM of the custodian's Ed25519 key, for its owner alone to read. */
  readonly key: string;
  /** Under which the custodian is known. */
  readonly name: string;
}

/** What was signed, for the custodian to read. */
export interface SignedFile {
  readonly file: string;
  /** Verifier key of the custodian: what the configuration and a trust file name. */
  readonly key: string;
  readonly order: Order;
  readonly signatures: number;
}

/**
 * Adds a custodian's signature to an order.
 * @throws CountersignError ORDER_INVALID, KEY_FILE
 */
export const signOrder = async ({ file, key, name }: SignOrderAsk): Promise<SignedFile> => {
  const before = await readText(file);
  try {
    const signer = createNoteSigner(name, await loadSigningKey(key));
    const isSigned = before.includes('\n\n');
    const text = isSigned ? parseNote(before).text : before;
    const after = `${isSigned ? before : `${before}\n`}${signer.line(text)}\n`;
    const { note, ...order } = parseOrder(after);
    await writeAtomic(file, Buffer.from(after));
    return { file, key: signer.key, order, signatures: note.signatures.length };
  } catch (error) {
    if (error instanceof NoteError) throw invalid(file, error.message);
    throw error;
  }
};
