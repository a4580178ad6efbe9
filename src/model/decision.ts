import type { JsonValue } from '../base/json.js';
import type { Ulid } from '../base/ulid.js';
import type { ListedTool } from './tool.js';

/** What policy says of one call. A denial is a decision, not an error. */
export interface Decision {
  readonly effect: 'allow' | 'deny' | 'require_approval';
  /** Id of the rule that decided; null where no rule matched, which denies. */
  readonly rule: string | null;
  /** Digest of the policy in force, SHA-256 hex. */
  readonly policy: string;
  /** One sentence for the caller and the record. */
  readonly reason: string;
  /** Name of the approval rule, where one is required. */
  readonly approval: string | null;
  /** Masking profile that the rule names. Absent: that of the server. */
  readonly masking?: string;
  /** `high` where the rule asks for approval or says so. */
  readonly risk: 'high' | 'low';
}

/** What a list shows: whether it may be used at all, before anybody has named arguments. */
export interface PolicyUse {
  readonly server: string;
  /** JSON-RPC method, such as `tools/call`. */
  readonly method: string;
  /** Tool name, resource URI or prompt name; null where the method has no target. */
  readonly target: string | null;
  /** Digest of the tool's definition in the list that is shown; asked only where definitions matter. */
  readonly digest?: () => string;
}

/** What policy judges. */
export interface PolicyCall extends PolicyUse {
  /** When it is judged, milliseconds since 1970. */
  readonly at: number;
  /** Address of the client, as the connection has it. */
  readonly address: string;
  /** Null: the method calls no tool, or the server has not listed it. */
  readonly tool: ListedTool | null;
  /**
   * The arguments of a tool call or prompt; `{}` where a method has none. Asked only by rules with a condition.
   * @throws where a number in them has no exact value: two readers could take it for two
   */
  args(): JsonValue;
}

/** An approval that was consumed for one call. */
export interface Grant {
  readonly approval: Ulid;
}
