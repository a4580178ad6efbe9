/**
 * Which era a message is of (MCP specification 2026-07-28, "Versioning and Compatibility"). Its body says so; its headers
 * must agree. What claims a revision is never served as if it had not, although a lenient server would.
 */
import type { JsonObject } from '../../../base/json.js';
import type { Message, MirroredHeaders } from '../../../model/call.js';
import { Refusal } from '../../refuse.js';
import { SERVED } from '../revisions.js';
import { claimedRevision, claimsRevision, type Envelope, META, REVISION, readEnvelope } from './envelope.js';
import { headerFault } from './headers.js';

/** A message of a session, or one that stands for itself; a notification of the latter kind has no envelope. */
export type EraOf = { readonly era: 'legacy' } | { readonly era: 'modern'; readonly envelope: Envelope | null };

/** Revisions are dates; those from this one on have no sessions. */
const isModern = (revision: string): boolean => revision >= REVISION;

const LEGACY: EraOf = { era: 'legacy' };

/**
 * The refusal of a revision that is not served, with those that are: a client of both eras then finds one.
 * @param among those that the client's kind of request can be of
 */
export const unsupported = (requested: string, among: readonly string[] = SERVED): Refusal => {
  const data: JsonObject = {
    supported: among,
    requested: /^[\w.-]{1,32}$/.test(requested) ? requested : 'unreadable',
  };
  return new Refusal('protocol_version', undefined, false, data);
};

const missing = (name: string): Refusal => new Refusal('envelope', `${name} in _meta is missing or malformed`);

const readModern = (message: Message, headers: MirroredHeaders): EraOf => {
  const envelope = readEnvelope(message);
  if ('fault' in envelope) throw missing(envelope.fault);
  const header = headers['mcp-protocol-version'];
  if (header !== undefined && header !== envelope.version) throw new Refusal('header_mismatch', 'MCP-Protocol-Version');
  const method = headers['mcp-method'];
  if (method !== undefined && method !== message.method) throw new Refusal('header_mismatch', 'Mcp-Method');
  if (envelope.version !== REVISION) throw unsupported(envelope.version, [REVISION]);
  const fault = headerFault(message, headers);
  if (fault !== undefined) throw new Refusal('header_mismatch', fault);
  return { era: 'modern', envelope };
};

/** The revision that a notification is of, where header or body name one. */
const revisionOfNotification = (message: Message, header: string | undefined): string | undefined => {
  const claimed = claimedRevision(message);
  if (claimsRevision(message) && claimed === undefined) throw missing(META.version);
  if (claimed !== undefined && header !== undefined && header !== claimed)
    throw new Refusal('header_mismatch', 'MCP-Protocol-Version');
  if (claimed !== undefined && !isModern(claimed)) throw unsupported(claimed, [REVISION]);
  return claimed ?? header;
};

const readNotification = (message: Message, headers: MirroredHeaders): EraOf => {
  const revision = revisionOfNotification(message, headers['mcp-protocol-version']);
  if (revision === undefined || !isModern(revision)) return LEGACY;
  const method = headers['mcp-method'];
  if (method !== undefined && method !== message.method) throw new Refusal('header_mismatch', 'Mcp-Method');
  if (revision !== REVISION) throw unsupported(revision, [REVISION]);
  return { era: 'modern', envelope: null };
};

/** `initialize` opens a session of the older revisions, unless it claims, well, to be of this one. */
const isHandshake = (message: Message): boolean => {
  if (message.method !== 'initialize') return false;
  const envelope = readEnvelope(message);
  return 'fault' in envelope || !isModern(envelope.version);
};

/**
 * @param headers the mirrored headers, as sent
 * @throws Refusal protocol_version, header_mismatch, envelope, not_jsonrpc
 */
export const eraOf = (message: Message, headers: MirroredHeaders): EraOf => {
  const header = headers['mcp-protocol-version'];
  if (message.kind === 'notification') {
    const found = readNotification(message, headers);
    if (found.era === 'modern') return found;
  } else if (message.kind === 'request') {
    if (isHandshake(message) && header === REVISION) throw new Refusal('header_mismatch', 'MCP-Protocol-Version');
    if (!isHandshake(message) && claimsRevision(message)) return readModern(message, headers);
    if (header === REVISION) throw missing(META.version);
  } else if (header === REVISION) throw new Refusal('not_jsonrpc', 'this revision has no answers of clients');
  if (header !== undefined && !SERVED.includes(header)) throw unsupported(header);
  return LEGACY;
};
