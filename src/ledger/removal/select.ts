/** Which payloads are a person's: those of their calls and what came of them, of their sessions, logins and approvals. */
import type { JsonObject, JsonValue } from '../../base/json.js';
import type { ErasedPayload } from '../../model/order.js';
import { isJsonObject } from '../format.js';
import type { LedgerEntry } from '../read.js';

export interface PersonalSelection {
  /** `issuer|subject`; null: nobody, `records` alone. */
  readonly person: string | null;
  /** Numbers of further records, all of whose payloads go. */
  readonly records: ReadonlySet<number>;
}

const keyOf = (value: JsonValue | undefined): string | null => {
  if (!isJsonObject(value)) return null;
  const { iss, sub } = value;
  return typeof iss === 'string' && typeof sub === 'string' ? `${iss}|${sub}` : null;
};

const namesOf = ({ p }: JsonObject): readonly string[] => (isJsonObject(p) ? Object.keys(p) : []);

/** What a reviewer wrote and who they are; what was asked is not theirs. */
const REVIEWERS: ReadonlySet<string> = new Set(['reason', 'person']);

/** Follows the records of a ledger from its first. */
class PersonalPayloads {
  private readonly selection: PersonalSelection;
  private readonly calls = new Set<number>();
  private readonly sessions = new Set<JsonValue>();

  constructor(selection: PersonalSelection) {
    this.selection = selection;
  }

  /** Names of the payloads of this record that go. */
  names({ seq, type, d }: Pick<LedgerEntry, 'seq' | 'type' | 'd'>): readonly string[] {
    const names = namesOf(d);
    if (this.isOwn(type, d, seq) || this.selection.records.has(seq)) return names;
    const isReviewer = type === 'approval' && this.isPerson(d['by']);
    return isReviewer ? names.filter((name) => REVIEWERS.has(name)) : [];
  }

  private isPerson(value: JsonValue | undefined): boolean {
    const { person } = this.selection;
    return person !== null && keyOf(value) === person;
  }

  private isOwn(type: LedgerEntry['type'], d: JsonObject, seq: number): boolean {
    switch (type) {
      case 'call':
        return this.isCall(d, seq);
      case 'result':
        return typeof d['intent'] === 'number' && this.calls.delete(d['intent']);
      case 'session':
        return this.isSession(d);
      case 'message':
        return d['session'] !== undefined && this.sessions.has(d['session']);
      case 'approval':
        return this.isPerson(d['requester']);
      case 'passkey':
        return this.isPerson(d['owner']);
      case 'refuse':
        return this.isPerson(d['principal']);
      case 'auth':
        return this.isPerson(d);
      default:
        return false;
    }
  }

  private isCall(d: JsonObject, seq: number): boolean {
    if (!this.isPerson(d['principal'])) return false;
    if (d['forwarded'] === true) this.calls.add(seq);
    return true;
  }

  private isSession(d: JsonObject): boolean {
    const { session, event } = d;
    if (!this.isPerson(d['principal'])) return false;
    if (session !== undefined && event === 'opened') this.sessions.add(session);
    return true;
  }
}

/** The payloads that go, of the first `size` records, in the order of the ledger. */
export const personalPayloads = async (
  entries: AsyncIterable<LedgerEntry>,
  size: number,
  selection: PersonalSelection,
): Promise<readonly { readonly payload: ErasedPayload; readonly time: number }[]> => {
  const walk = new PersonalPayloads(selection);
  const found: { payload: ErasedPayload; time: number }[] = [];
  for await (const entry of entries) {
    if (entry.seq >= size) break;
    const time = Date.parse(entry.t);
    for (const name of walk.names(entry)) found.push({ payload: [entry.seq, name], time });
  }
  return found;
};
