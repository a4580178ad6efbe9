/** Rules and pins: the parsed sections `policy` and `pins`. */
import type { ToolHints } from './tool.js';

/** What becomes of a call whose tool is not the one that was pinned. `alert`: it is said in the record, and runs. */
export type PinMode = 'alert' | 'block' | { readonly approval: string };

export interface PinSettings {
  /** Absolute. */
  readonly file: string;
  readonly changed: PinMode;
  /** Server to a mode of its own. */
  readonly servers: Readonly<Record<string, PinMode>>;
  /** Server to tool to SHA-256 of its canonical definition. */
  readonly tools: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** When a rule is in force, by the clock on the wall of a time zone. */
export interface PolicyHours {
  readonly days: readonly Weekday[];
  /** Minutes since midnight, the first included. */
  readonly from: number;
  /** Minutes since midnight, not included; at or below `from`: of the next day. */
  readonly to: number;
  /** IANA name. */
  readonly timezone: string;
}

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

export interface PolicyRule {
  readonly id: string;
  readonly effect: 'allow' | 'deny' | 'approval';
  /** Name of the approval rule, for `approval`. */
  readonly approval: string | null;
  /** Empty: any group. */
  readonly groups: readonly string[];
  /** Globs; empty: any server. */
  readonly servers: readonly string[];
  /** Globs over tool names; empty: see `methods`. */
  readonly tools: readonly string[];
  /** Globs over methods other than `tools/call`; empty and no tools: everything. */
  readonly methods: readonly string[];
  /** Globs over addresses of resources that are read or subscribed to. */
  readonly resources?: readonly string[];
  /** Globs over names of prompts. */
  readonly prompts?: readonly string[];
  /** Globs over `issuer|subject`. */
  readonly subjects?: readonly string[];
  readonly kind?: 'human' | 'workload';
  /** Claim to the values of it that fit; every claim named must fit. */
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  readonly hours?: PolicyHours;
  /** Addresses of clients: CIDR blocks (RFC 4632, RFC 4291 §2.3), or single addresses. */
  readonly networks?: readonly string[];
  /** Hints of the tool that must be as said here. */
  readonly annotations?: Partial<ToolHints>;
  /** Condition in CEL over `args`, `call` and `principal`. */
  readonly when?: string;
  readonly risk: 'high' | 'low' | null;
  /** Masking profile of the calls that this rule lets through. Absent: that of the server. */
  readonly masking?: string;
}
