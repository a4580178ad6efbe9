/** Tools as their servers describe them. */

/** What a server says of a tool (MCP `ToolAnnotations`), with the protocol's defaults where it says nothing. */
export interface ToolHints {
  readonly readOnly: boolean;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly openWorld: boolean;
}

/** What holds of a tool of which nothing was said. */
export const UNSAID_HINTS: ToolHints = { readOnly: false, destructive: true, idempotent: false, openWorld: true };

/** A tool as its server last listed it. */
export interface ListedTool {
  /** SHA-256 of the canonical definition. */
  readonly digest: string;
  readonly hints: ToolHints;
}

/** What in a definition deserves a look by a person. */
export type ToolFlag = 'hidden_characters' | 'instructions' | 'very_long';

/**
 * `tool`: a definition was first seen, or is not what it was. Payload: `definition`, masked, where it is not too long.
 * Records of earlier versions have neither `hints` nor `flags`.
 */
export interface ToolRecord {
  readonly event: 'seen' | 'changed';
  readonly server: string;
  readonly name: string;
  /** SHA-256 of the canonical definition. */
  readonly digest: string;
  readonly previous: string | null;
  readonly destructive: boolean;
  readonly hints: ToolHints;
  readonly flags: readonly ToolFlag[];
}
