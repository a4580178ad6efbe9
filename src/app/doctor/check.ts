/** One line of the doctor: what was looked at, how it stands, and the mend. */
import { CountersignError, reason } from '../../base/errors.js';

export interface DoctorCheck {
  /** Such as `port 8080` or `issuer https://login.example.com`. */
  readonly what: string;
  /** `fail`: the gateway would not start or calls would fail. `open`: it may run, but something is missing. */
  readonly state: 'pass' | 'open' | 'fail';
  readonly message: string;
  /** What to do; null where there is nothing to do. */
  readonly mend: string | null;
}

export const pass = (what: string, message: string): DoctorCheck => ({ what, state: 'pass', message, mend: null });
export const open = (what: string, message: string, mend: string): DoctorCheck => ({
  what,
  state: 'open',
  message,
  mend,
});
export const fail = (what: string, message: string, mend: string): DoctorCheck => ({
  what,
  state: 'fail',
  message,
  mend,
});

/** A failure that was thrown; errors of the table bring their own mend. */
export const thrown = (what: string, error: unknown, mend: string): DoctorCheck =>
  fail(what, reason(error), error instanceof CountersignError ? error.hint : mend);
