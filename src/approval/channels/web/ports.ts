/** What the web page is given. */
import type { Clock } from '../../../base/clock.js';
import type { Authenticator } from '../../../model/ports.js';
import type { Principal } from '../../../model/principal.js';
import type { RecordDraft } from '../../../model/record.js';
import type { Mask } from '../../../model/redaction.js';
import type { Passkeys } from '../../passkeys.js';
import type { ApprovalWorkflow } from '../../workflow.js';
import type { Ceremony } from './ceremony.js';
import type { WebSession } from './sessions.js';

/** One login at the issuer (authorization code with PKCE, RFC 7636). */
export interface WebLogin {
  /** Where to send the person, and what `finish` needs; that stays in this process. */
  start(redirectUri: string): Promise<{ readonly url: string; readonly pending: PendingLogin }>;
  /** The access token for approvals. Rejects where anything does not fit. */
  finish(callback: URL, pending: PendingLogin): Promise<string>;
}

export interface PendingLogin {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface WebDependencies {
  readonly approvals: Pick<
    ApprovalWorkflow,
    'list' | 'get' | 'decide' | 'revoke' | 'isWaiting' | 'standing' | 'requiresReason' | 'takesPasskey'
  >;
  readonly authenticate: Authenticator['authenticate'];
  readonly login: WebLogin;
  readonly passkeys: Passkeys;
  readonly ceremony: Ceremony;
  readonly record: (draft: Extract<RecordDraft, { type: 'auth' | 'refuse' }>) => Promise<unknown>;
  readonly mask: Mask;
  /** Scheme, host and port that browsers use. */
  readonly origin: string;
  readonly clock: Clock;
  /** Calls back at each transition until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** A person whose session, token and login hold at this moment. */
export interface LoggedIn {
  readonly principal: Principal;
  readonly session: WebSession;
}
