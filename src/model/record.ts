/**
 * Records: the `d` of each record type. Names are those on disk (docs/ledger-format.md).
 * Integers only. What is bulky or personal stands in the record's payload lines.
 */
import type { KeyedDigest } from '../base/digest.js';
import type { Ulid } from '../base/ulid.js';
import type { AnchorRecord } from './anchor.js';
import type { CredentialFacts } from './credential-facts.js';
import type { PasskeyAssertion, PasskeyRecord, ReviewerFacts } from './passkey.js';
import type { ProbeRecord } from './probe.js';
import type { MaskCount, MaskingRecord } from './redaction.js';
import type { EraseRecord, PruneRecord } from './removal.js';
import type { ToolRecord } from './tool.js';

export type RecordType =
  | 'seg'
  | 'start'
  | 'stop'
  | 'recover'
  | 'hb'
  | 'config'
  | 'refuse'
  | 'auth'
  | 'session'
  | 'call'
  | 'result'
  | 'message'
  | 'approval'
  | 'tool'
  | 'masking'
  | 'access'
  | 'notice'
  | 'probe'
  | 'passkey'
  | 'anchor'
  | 'prune'
  | 'erase';

export interface PrincipalFacts {
  readonly iss: string;
  readonly sub: string;
}

/** The principal of a call, as its token said at that moment. */
export interface CallPrincipal extends PrincipalFacts {
  readonly kind: 'human' | 'workload';
  readonly groups: readonly string[];
  readonly client_id: string | null;
  readonly act: string | null;
  readonly amr: readonly string[];
  readonly acr: string | null;
  readonly token: KeyedDigest;
  /** Token expiry, seconds since 1970. */
  readonly exp: number;
}

/** `call`: the intent. Durable before the upstream sees the call. Payloads: `args`, `person`. */
export interface CallRecord {
  readonly call: Ulid;
  readonly session: Ulid | null;
  readonly principal: CallPrincipal;
  readonly server: string;
  readonly method: string;
  readonly target: string | null;
  /** False for denials. Exactly one `result` follows each forwarded call. */
  readonly forwarded: boolean;
  readonly args: KeyedDigest | null;
  readonly redactions: Readonly<Record<string, number>>;
  /** The same by detector, rule and mode; absent where nothing was masked. */
  readonly masked?: readonly MaskCount[];
  readonly definition: string | null;
  readonly decision: {
    readonly effect: 'allow' | 'deny' | 'require_approval';
    readonly rule: string | null;
    readonly policy: string;
    readonly reason: string;
  };
  readonly approval: Ulid | null;
  /** The leg before, of a call that was made once more with what its answer asked for; absent for a first leg. */
  readonly continues?: Ulid;
  readonly risk: 'high' | 'low';
  readonly credential: CredentialFacts | null;
  /** W3C `traceparent` that went upstream: as the client sent it, or with traces the gateway's own in the same trace. */
  readonly trace: string | null;
}

export type ResultStatus =
  | 'ok'
  | 'tool_error'
  | 'protocol_error'
  | 'input_required'
  | 'cancelled'
  | 'timed_out'
  | 'upstream_lost'
  | 'blocked_by_masking'
  | 'unknown';

/** `result`: the outcome. Durable before the client sees the answer. Payload: `result`. */
export interface ResultRecord {
  readonly call: Ulid;
  /** Sequence number of the intent. */
  readonly intent: number;
  readonly status: ResultStatus;
  /** Milliseconds between intent and answer. */
  readonly ms: number;
  /** Bytes of the answer before masking. */
  readonly bytes: number;
  readonly redactions: Readonly<Record<string, number>>;
  /** The same by detector, rule and mode; absent where nothing was masked. */
  readonly masked?: readonly MaskCount[];
  readonly aws_request_ids: readonly string[];
}

/** `message`: anything else that crossed. Payload: `content`. */
export interface MessageRecord {
  readonly session: Ulid;
  readonly server: string;
  readonly direction: 'to_server' | 'to_client';
  readonly kind: 'notification' | 'request' | 'response';
  readonly method: string | null;
  /** The call whose stream carried it, where one did. */
  readonly call: Ulid | null;
  readonly forwarded: boolean;
  readonly redactions: Readonly<Record<string, number>>;
  /** The same by detector, rule and mode; absent where nothing was masked. */
  readonly masked?: readonly MaskCount[];
}

/** `session`. Payload of `opened`: `client` (user agent and client info, unverified). */
export interface SessionRecord {
  readonly event: 'opened' | 'closed';
  readonly session: Ulid;
  readonly principal: PrincipalFacts;
  readonly server: string;
  readonly revision: string | null;
  readonly address: string;
  readonly reason: string | null;
  readonly calls: number;
  /** Messages of the server that no stream of the client was open for. */
  readonly dropped: number;
}

/** `auth`: a refused token. `count` > 1: a summary of what came too often to record singly. */
export interface AuthRecord {
  readonly reason: string;
  readonly use: 'mcp' | 'approval';
  readonly iss: string | null;
  readonly sub: string | null;
  readonly kid: string | null;
  readonly address: string;
  readonly server: string | null;
  readonly count: number;
}

/** `refuse`: a request refused before it became a call. */
export interface RefuseRecord {
  readonly reason: string;
  readonly principal: PrincipalFacts | null;
  readonly address: string;
  readonly server: string | null;
  readonly count: number;
}

/** `config`: a configuration was loaded or refused. */
export interface ConfigRecord {
  readonly outcome: 'loaded' | 'refused';
  readonly digest: string;
  readonly policy: string | null;
  readonly files: readonly { readonly path: string; readonly digest: string }[];
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  readonly reason: string | null;
  /** What is different from the one before, where the gateway was running. */
  readonly changes?: readonly string[];
}

/**
 * `approval`: one transition. Payloads: `args` (masked), `reason`, `person`, `tool` (what the server says of it).
 * What is optional here is absent in records of earlier versions.
 */
export interface ApprovalRecord {
  readonly event: 'requested' | 'approved' | 'denied' | 'granted' | 'consumed' | 'expired' | 'cancelled' | 'revoked';
  readonly approval: Ulid;
  readonly rule: string;
  readonly session: Ulid;
  /** With the agent and client that asked for the person: whoever answers for them may not decide either. */
  readonly requester: PrincipalFacts & {
    readonly act?: string | null;
    readonly client_id?: string | null;
    readonly groups?: readonly string[];
  };
  readonly policy_rule?: string | null;
  /** Whether every group must approve, each by another person. */
  readonly every_group?: boolean;
  readonly passkey_required?: boolean;
  /** A grant for several calls; `ms` from the grant to its end. */
  readonly window?: { readonly ms: number; readonly uses: number; readonly tools: readonly string[] } | null;
  /** Calls that used the grant, this one included. */
  readonly uses?: number;
  /** Signature of the reviewer's passkey over the leaf hash of the `requested` record. */
  readonly passkey?: PasskeyAssertion | null;
  readonly server: string;
  readonly tool: string;
  readonly args: KeyedDigest;
  readonly definition: string | null;
  readonly policy: string;
  /** RFC 3339. */
  readonly deadline: string;
  readonly needed: number;
  /** Distinct approvals so far, this one included. */
  readonly approved: number;
  readonly reviewers: readonly string[];
  /** Who decided; null for transitions that nobody decides. */
  readonly by: ReviewerFacts | null;
  readonly channel: 'api' | 'web' | null;
  readonly address: string | null;
  /** The call that consumed the grant. */
  readonly call: Ulid | null;
}

export interface StartRecord {
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  readonly config: string;
  readonly demo: boolean;
  /** Interval of heartbeats, milliseconds. */
  readonly heartbeat: number;
}

export interface StopRecord {
  readonly reason: string;
}

/** `hb`: cumulative counts of records per type in this ledger, this one not included. */
export interface HeartbeatRecord {
  readonly counts: Readonly<Record<string, number>>;
}

/** `recover`: writing goes on after a crash or a failed write; bytes after the last valid checkpoint were set aside. */
export interface RecoverRecord {
  /** Bytes set aside; 0 where the failure left none. */
  readonly bytes: number;
  /** Where bytes were set aside: their SHA-256, and the file below the ledger that holds them. */
  readonly sha256?: string;
  readonly file?: string;
  /** Where a running gateway could not write: what was wrong with the disk, and the error of the system. */
  readonly cause?: 'disk_full' | 'read_only' | 'write_failed';
  readonly problem?: string;
  /** Records that were refused since; none of them is in the ledger. */
  readonly refused?: number;
}

/** `access`: evidence was read, exported or reported through the product. */
export interface AccessRecord {
  readonly what: string;
  readonly who: string;
  readonly period: string | null;
  readonly manifest: string | null;
}

/** `notice`: a message to a channel was given up. */
export interface NoticeRecord {
  readonly event: 'dead';
  readonly channel: string;
  /** `webhook-id` of the message. */
  readonly message: string;
  readonly approval: Ulid;
  /** The transition it tells of. */
  readonly kind: ApprovalRecord['event'];
  readonly attempts: number;
  readonly problem: string;
}

/** Record type to the shape of its `d`. */
export interface RecordBodies {
  readonly start: StartRecord;
  readonly stop: StopRecord;
  readonly recover: RecoverRecord;
  readonly hb: HeartbeatRecord;
  readonly config: ConfigRecord;
  readonly refuse: RefuseRecord;
  readonly auth: AuthRecord;
  readonly session: SessionRecord;
  readonly call: CallRecord;
  readonly result: ResultRecord;
  readonly message: MessageRecord;
  readonly approval: ApprovalRecord;
  readonly tool: ToolRecord;
  readonly masking: MaskingRecord;
  readonly access: AccessRecord;
  readonly notice: NoticeRecord;
  readonly probe: ProbeRecord;
  readonly passkey: PasskeyRecord;
  readonly anchor: AnchorRecord;
  readonly prune: PruneRecord;
  readonly erase: EraseRecord;
}

/** What a station hands to the ledger. */
export type RecordDraft = {
  readonly [T in keyof RecordBodies]: {
    readonly type: T;
    readonly d: RecordBodies[T];
    /** Payload lines by name: compact JSON text without control characters. */
    readonly payloads?: Readonly<Record<string, string | Buffer>>;
  };
}[keyof RecordBodies];

/** Where a record stands, once it is durable. */
export interface Receipt {
  readonly seq: number;
  /** Leaf hash, hex. */
  readonly leaf: string;
}
