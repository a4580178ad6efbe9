/**
 * Made-up values for the examples of detectors. They are put together here, so that no file holds one in a form that
 * scanners of repositories report.
 */
const BODY = 'R4nD0mChArAcTeRs8u1LtF0rTeSt5Only7XyZ2kQ9wEvB6hJ3';

/** A prefix and as many characters as asked for, the same each time. */
export const made = (prefix: string, length: number): string =>
  prefix + BODY.repeat(Math.ceil(length / BODY.length)).slice(0, length);
