/** Ledgers of other gateways that were collected: `ledgers/index.ndjson`, one line per collection, oldest first. */
import { isObject, parseJson, toValue } from '../base/json.js';

/** One ledger as it was collected and verified. */
export interface PeerLedger {
  readonly origin: string;
  /** C2SP verifier key of its root. */
  readonly key: string;
  /** Records under the last checkpoint, and its root in hex. */
  readonly size: number;
  readonly root: string;
  /** What verification said: 0, 11 or 13. */
  readonly exit: number;
  /** Folder, or `s3://<bucket>/<prefix>`. */
  readonly source: string;
  /** RFC 3339 with milliseconds, UTC. */
  readonly taken: string;
}

const lineOf = (text: string, line: number): PeerLedger => {
  const fail = (name: string): never => {
    throw new Error(`line ${line}: ${name} is missing or of the wrong type`);
  };
  const value = toValue(parseJson(Buffer.from(text)));
  if (!isObject(value)) return fail('object');
  const word = (name: string): string => {
    const found = value[name];
    return typeof found === 'string' ? found : fail(name);
  };
  const count = (name: string): number => {
    const found = value[name];
    return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : fail(name);
  };
  const [origin, key, root] = [word('origin'), word('key'), word('root')];
  if (!/^[0-9a-f]{64}$/.test(root)) fail('root');
  return { origin, key, size: count('size'), root, exit: count('exit'), source: word('source'), taken: word('taken') };
};

/** The lines of the index. */
export const formatPeers = (peers: readonly PeerLedger[]): string =>
  peers
    .map(
      ({ origin, key, size, root, exit, source, taken }) =>
        `${JSON.stringify({ origin, key, size, root, exit, source, taken })}\n`,
    )
    .join('');

/**
 * Reads what `formatPeers` wrote.
 * @throws Error naming the line
 */
export const parsePeers = (bytes: Uint8Array): readonly PeerLedger[] => {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  if (lines.pop() !== '') throw new Error('the last line is cut');
  return lines.map((text, at) => lineOf(text, at + 1));
};

/** Where ledgers come from: what stands under `collect.ledgers`. */
export interface LedgerSource {
  /** C2SP verifier key that its root must be; null: the one of the first collection is kept to. */
  readonly key: string | null;
  readonly from: { readonly dir: string } | { readonly s3: LedgerBucket };
}

/** A ledger's folder in a bucket. */
export interface LedgerBucket {
  readonly bucket: string;
  /** Before `log/`; empty, or ends in `/`. */
  readonly prefix: string;
  readonly region: string;
  readonly profile: string | null;
  readonly roleArn: string | null;
  readonly externalId: string | null;
  /** Where S3 is not AWS's own. */
  readonly endpoint: string | null;
  readonly requestPayer: boolean;
}
