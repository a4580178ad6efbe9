/**
 * What every request of revision 2026-07-28 says of itself in `_meta` (MCP specification 2026-07-28, "General fields").
 * Nobody has checked any of it: it is read to answer well, and never to permit anything.
 */
import { at, type JsonNode, member, type ObjectNode, stringOf } from '../../../base/json.js';
import type { Message } from '../../../model/call.js';

export const REVISION = '2026-07-28';

const PREFIX = 'io.modelcontextprotocol/';
export const META = {
  version: `${PREFIX}protocolVersion`,
  capabilities: `${PREFIX}clientCapabilities`,
  clientInfo: `${PREFIX}clientInfo`,
  serverInfo: `${PREFIX}serverInfo`,
  logLevel: `${PREFIX}logLevel`,
  subscription: `${PREFIX}subscriptionId`,
} as const;

export interface Envelope {
  readonly version: string;
  readonly capabilities: ObjectNode;
  readonly clientInfo: ObjectNode | null;
}

const metaOf = (message: Message): JsonNode | undefined => at(message.node, 'params', '_meta');

/** Whether a message says which revision it is of, however badly. */
export const claimsRevision = (message: Message): boolean => member(metaOf(message), META.version) !== undefined;

/** The revision a message says it is of. */
export const claimedRevision = (message: Message): string | undefined =>
  stringOf(member(metaOf(message), META.version));

/** The envelope of a request, or the name of the member that is missing or malformed. */
export const readEnvelope = (message: Message): Envelope | { readonly fault: string } => {
  const meta = metaOf(message);
  const version = stringOf(member(meta, META.version));
  const capabilities = member(meta, META.capabilities);
  const clientInfo = member(meta, META.clientInfo);
  if (version === undefined) return { fault: META.version };
  if (capabilities?.kind !== 'object') return { fault: META.capabilities };
  if (clientInfo === undefined) return { version, capabilities, clientInfo: null };
  const named =
    stringOf(member(clientInfo, 'name')) !== undefined && stringOf(member(clientInfo, 'version')) !== undefined;
  return clientInfo.kind === 'object' && named ? { version, capabilities, clientInfo } : { fault: META.clientInfo };
};
