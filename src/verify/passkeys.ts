/** Whose word it is that a person approved: their own passkey's, or the gateway's. */
import { isArray, type JsonObject, type JsonValue } from '../base/json.js';
import { assertionFault } from '../base/webauthn.js';
import type { RecordLine } from '../ledger/format.js';
import type { Findings } from './findings.js';
import type { TrustedKeys } from './trust.js';

interface Enrolled {
  readonly credential: string;
  readonly publicKey: string;
  readonly rp: string;
  readonly issuer: string;
  readonly subject: string;
  /** Approvals that it signed. */
  signed: number;
}

const objectIn = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !isArray(value) ? value : {};

const textIn = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

const enrolledIn = (d: JsonObject): Enrolled => {
  const owner = objectIn(d['owner']);
  return {
    credential: textIn(d['credential']),
    publicKey: textIn(d['public_key']),
    rp: textIn(d['rp']),
    issuer: textIn(owner['iss']),
    subject: textIn(owner['sub']),
    signed: 0,
  };
};

/** Follows the `passkey` and `approval` records of one ledger, in their order. */
export class PasskeyWalk {
  private readonly findings: Findings;
  private readonly what: string;
  /** Leaf hash of the `requested` record of each approval that is not over. */
  private readonly requested = new Map<string, string>();
  private readonly inForce = new Map<string, Enrolled>();
  /** Every passkey that signed, also those that were removed later. */
  private readonly used = new Set<Enrolled>();
  private unsigned = 0;

  /** Whether the first records were removed, and with them perhaps an enrolment or a request. */
  private readonly isPruned: boolean;

  constructor(findings: Findings, what: string, isPruned: boolean) {
    this.findings = findings;
    this.what = what;
    this.isPruned = isPruned;
  }

  record({ type, d, seq, leaf }: RecordLine): void {
    const { event } = d;
    if (type === 'passkey') {
      const { credential } = d;
      if (event === 'enrolled') this.inForce.set(textIn(credential), enrolledIn(d));
      else if (event === 'removed') this.inForce.delete(textIn(credential));
    }
    if (type !== 'approval') return;
    const id = textIn(d['approval']);
    if (event === 'requested') this.requested.set(id, leaf.toString('hex'));
    else if (event === 'approved') this.approved(d, seq, this.requested.get(id));
    else if (event !== 'consumed') this.requested.delete(id);
  }

  /** After the last record. */
  end(trust: Pick<TrustedKeys, 'passkeys'>): void {
    for (const one of this.used) this.judge(one, trust);
    if (this.unsigned === 0) return;
    const message = `${this.what}: ${this.unsigned} approvals bear no signature of the reviewer: the approver is asserted by the gateway.`;
    this.findings.add('note', 'APPROVER_ASSERTED', message);
  }

  private approved(d: JsonObject, seq: number, leaf: string | undefined): void {
    const passkey = d['passkey'];
    if (passkey === undefined || passkey === null) {
      this.unsigned++;
      if (d['passkey_required'] !== true) return;
      const message = `${this.what}: record ${seq} approves without the passkey that its rule demands.`;
      this.findings.add('integrity', 'PASSKEY_MISSING', message);
      return;
    }
    const isKnown = this.inForce.has(textIn(objectIn(passkey)['credential'])) && leaf !== undefined;
    if (this.isPruned && !isKnown) {
      const message = `${this.what}: record ${seq} approves with a passkey whose enrolment or request was removed with the first records.`;
      this.findings.add('unestablished', 'PASSKEY_PRUNED', message);
      return;
    }
    const fault = this.faultOf(objectIn(passkey), objectIn(d['by']), leaf);
    if (fault === null) return;
    const message = `${this.what}: record ${seq} approves with a passkey, but ${fault}.`;
    this.findings.add('integrity', 'PASSKEY_INVALID', message);
  }

  private faultOf(passkey: JsonObject, by: JsonObject, leaf: string | undefined): string | null {
    const one = this.inForce.get(textIn(passkey['credential']));
    if (!one) return 'no record before it enrols that passkey';
    if (one.issuer !== by['iss'] || one.subject !== by['sub']) return 'it is enrolled for another person';
    if (one.publicKey !== passkey['public_key']) return 'its key is not the one that was enrolled';
    if (leaf === undefined) return 'the request that it should sign is not in the ledger';
    const assertion = {
      authenticator_data: textIn(passkey['authenticator_data']),
      client_data: textIn(passkey['client_data']),
      signature: textIn(passkey['signature']),
      public_key: one.publicKey,
    };
    const fault = assertionFault(assertion, { challenge: leaf, rp: one.rp });
    if (fault !== null) return fault;
    one.signed++;
    this.used.add(one);
    return null;
  }

  private judge(
    { credential, publicKey, issuer, subject, signed }: Enrolled,
    trust: Pick<TrustedKeys, 'passkeys'>,
  ): void {
    const which = `${this.what}: ${signed} approvals of ${issuer}|${subject} are signed by the passkey ${credential}`;
    const own = trust.passkeys.filter((key) => key.issuer === issuer && key.subject === subject);
    if (own.some((key) => key.publicKey === publicKey)) {
      this.findings.establish(`${which}, whose key the trust file names as this person's own.`);
      return;
    }
    const why =
      own.length > 0 ? 'the trust file names other keys of this person' : 'the trust file names no key of this person';
    this.findings.add('unestablished', 'PASSKEY_ENROLMENT', `${which}; enrolment asserted by the gateway: ${why}.`);
  }
}
