/** Whether a ledger still takes records, and if not, why: in words without paths, for whoever watches the gateway. */
import type { CountersignError } from '../base/errors.js';

/** `write_failed`: the disk gave another error, or the reason is not known. */
export type LedgerCondition = 'writing' | 'disk_full' | 'read_only' | 'write_failed' | 'closed';

/** Codes of the system, by what they say of the disk; EDQUOT is a full quota, EACCES and EPERM a changed folder. */
const CONDITIONS: Readonly<Record<string, LedgerCondition>> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EFBIG: 'disk_full',
  EROFS: 'read_only',
  EACCES: 'read_only',
  EPERM: 'read_only',
};

/** What the failure of a write says of the disk: by the system error that caused it. */
export const conditionOf = ({ cause }: CountersignError): LedgerCondition => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return (typeof code === 'string' ? CONDITIONS[code] : undefined) ?? 'write_failed';
};
