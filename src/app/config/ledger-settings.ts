/** From the parsed parts under `ledger` to what the stations are told. */
import type { AnchorSettings } from '../../model/anchor.js';
import type { HoldSettings } from '../../model/removal.js';
import type { ParsedAnchor, ParsedHold } from './ledger-schema.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One anchor; a bucket and a witness are asked each minute, the others each hour, unless `every` says otherwise. */
export const anchorOf = (parsed: ParsedAnchor, at: (path: string) => string): AnchorSettings => {
  const { name, every, s3, timestamp, witness, file } = parsed;
  if (s3) {
    const { profile = null, roleArn = null, externalId = null, endpoint = null } = s3;
    return { name, every: every ?? MINUTE, kind: 's3', ...s3, profile, roleArn, externalId, endpoint };
  }
  if (witness) {
    return { name, every: every ?? MINUTE, kind: 'witness', url: witness.url.replace(/\/+$/, ''), key: witness.key };
  }
  if (timestamp) return { name, every: every ?? HOUR, kind: 'timestamp', url: timestamp.url };
  return { name, every: every ?? HOUR, kind: 'file', path: at(file?.path ?? '') };
};

const timeOf = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text));

export const holdOf = ({ id, reason, from, to, person }: ParsedHold): HoldSettings => ({
  id,
  reason,
  from: timeOf(from),
  to: timeOf(to),
  person: person ?? null,
});
