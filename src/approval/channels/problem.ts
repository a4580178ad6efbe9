/** Answers of the approvals API that are not the thing asked for. */
import type { DecisionRefusal } from '../../model/approval.js';

interface ProblemRow {
  readonly status: number;
  readonly message: string;
  readonly hint: string;
}

const LOGIN = 'log in again: countersign login';
const SHOW = '`countersign approvals show ID` tells who may decide a request and how it stands';

const PROBLEMS = {
  BAD_HOST: { status: 403, message: 'this Host is not served here', hint: 'use the admin address of the gateway' },
  BAD_ORIGIN: { status: 403, message: 'this Origin is not allowed', hint: 'approvals are not open to other web pages' },
  LOGIN_REQUIRED: { status: 401, message: 'a login for approvals is required', hint: LOGIN },
  KEYS_UNAVAILABLE: {
    status: 503,
    message: 'the keys of the identity provider cannot be read now',
    hint: 'try again shortly; if it lasts, the gateway cannot reach the issuer',
  },
  NOT_FOUND: { status: 404, message: 'there is no such request that you may see', hint: SHOW },
  METHOD_NOT_ALLOWED: { status: 405, message: 'this method is not served here', hint: 'docs: the approvals API' },
  CONTENT_TYPE: { status: 415, message: 'the body must be application/json', hint: 'send {"reason": "..."}' },
  TOO_LARGE: { status: 413, message: 'the body is too large', hint: 'shorten the reason' },
  BAD_REQUEST: { status: 400, message: 'the request cannot be read', hint: 'send {"reason": "..."}' },
  OWN_REQUEST: {
    status: 403,
    message: 'this request is your own, and nobody approves what they asked for',
    hint: 'another member of the reviewer groups must decide it',
  },
  NOT_REVIEWER: { status: 403, message: 'your groups may not decide this request', hint: SHOW },
  ALREADY_DECIDED: {
    status: 403,
    message: 'you have decided this request already; a decision is not changed',
    hint: 'another member of the reviewer groups must decide it',
  },
  REASON_REQUIRED: { status: 422, message: 'this request needs a reason', hint: 'give one with --reason' },
  MFA_REQUIRED: {
    status: 403,
    message: 'this request needs a stronger login than yours',
    hint: 'log in again with a second factor that the approval rule names',
  },
  PASSKEY_REQUIRED: {
    status: 403,
    message: 'this request can be approved with a passkey only',
    hint: 'approve it on the web page at the admin address; it may be denied without a passkey',
  },
  PASSKEY_INVALID: {
    status: 403,
    message: 'what the passkey gave does not hold',
    hint: 'load the page again and use a passkey that is enrolled for you',
  },
  PASSKEY_KNOWN: { status: 403, message: 'this passkey is enrolled already', hint: 'use it, or remove it first' },
  PASSKEY_MANY: { status: 403, message: 'you have as many passkeys as there may be', hint: 'remove one first' },
  PASSKEY_OWN: {
    status: 403,
    message: 'this passkey is your own, and nobody confirms their own',
    hint: 'another person of the groups under passkeys.confirm must confirm it',
  },
  PASSKEY_CONFIRM: {
    status: 403,
    message: 'your groups may not decide about the passkeys of others',
    hint: 'the groups stand under passkeys.confirm in the configuration',
  },
  NOT_GRANTED: { status: 409, message: 'there is no grant to revoke', hint: SHOW },
  EXPIRED: {
    status: 409,
    message: 'this request ended at its deadline; a decision comes too late',
    hint: 'whoever asked may call again, which opens a new request',
  },
  WITHDRAWN: {
    status: 409,
    message: 'this request was withdrawn, or what it was for has changed',
    hint: 'whoever asked may call again, which opens a new request',
  },
  DECIDED: { status: 409, message: 'this request is decided already', hint: SHOW },
} as const satisfies Record<string, ProblemRow>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Ends a request. `detail` is a sentence of our own; it holds nothing of the request. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly hint: string;

  constructor(code: ProblemCode, detail?: string) {
    super(detail === undefined ? PROBLEMS[code].message : `${PROBLEMS[code].message}: ${detail}`);
    this.name = 'Problem';
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.hint = PROBLEMS[code].hint;
  }
}

const OF_REFUSAL: Readonly<Record<DecisionRefusal, ProblemCode>> = {
  not_found: 'NOT_FOUND',
  expired: 'EXPIRED',
  withdrawn: 'WITHDRAWN',
  decided: 'DECIDED',
  own_request: 'OWN_REQUEST',
  not_reviewer: 'NOT_REVIEWER',
  already_decided: 'ALREADY_DECIDED',
  reason_required: 'REASON_REQUIRED',
  mfa_required: 'MFA_REQUIRED',
  passkey_required: 'PASSKEY_REQUIRED',
  not_granted: 'NOT_GRANTED',
};

export const problemOf = (refusal: DecisionRefusal): Problem => new Problem(OF_REFUSAL[refusal]);
