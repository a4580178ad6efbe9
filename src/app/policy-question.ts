/** The question what policy would say of a call. */
import type { ToolHints } from '../model/tool.js';

/** Who calls what, for the question what policy would say. */
export interface PolicyQuestion {
  readonly groups: readonly string[];
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
  readonly kind?: 'human' | 'workload' | undefined;
  readonly server: string;
  /** Default: `tools/call`. */
  readonly method?: string | undefined;
  readonly target?: string | null | undefined;
  /** JSON text of the arguments. */
  readonly args?: string | undefined;
  /** Claims of the caller that the configuration keeps. */
  readonly claims?: Readonly<Record<string, readonly string[]>> | undefined;
  /** When, RFC 3339. Default: now. */
  readonly at?: string | undefined;
  /** Where the caller is. Default: this machine. */
  readonly address?: string | undefined;
  /** What the server says of the tool. Default: nothing. */
  readonly annotations?: Partial<ToolHints> | undefined;
}
