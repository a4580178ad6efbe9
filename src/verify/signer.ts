/** Whether the key that signed is the one that the auditor expects of this ledger. */
import type { Target } from './target.js';

export interface Signed {
  /** How messages call what was signed. */
  readonly what: string;
  readonly origin: string;
  /** Verifier key of the root. */
  readonly key: string;
  /** Records. */
  readonly size: number;
}

export const judgeSigner = ({ what, origin, key, size }: Signed, { trust, findings }: Target): void => {
  const sameOrigin = trust.ledgers.filter(({ name }) => name === origin);
  if (sameOrigin.some((one) => one.key === key)) {
    findings.establish(`${what}: its ${size} records are signed by the key of ${origin} that the trust file names.`);
  } else if (sameOrigin.length > 0) {
    const message = `${what}: signed by another key than the one the trust file names for ${origin}: ${key}.`;
    findings.add('integrity', 'LEDGER_KEY_DIFFERS', message);
  } else {
    const message = `${what}: who signs is not established: no trust file names the key ${key}.`;
    findings.add('unestablished', 'LEDGER_SIGNER_UNKNOWN', message);
  }
};
