/** The record that a session was opened. */
import { at, compactJson } from '../base/json.js';
import type { Granted } from '../model/call.js';
import type { RecordDraft } from '../model/record.js';
import type { MaskFor } from '../model/redaction.js';
import { maskedText } from './masked-text.js';
import { revisionOf } from './protocol/2025-11-25/message.js';
import { REVISION } from './protocol/2026-07-28/envelope.js';
import { maskingRefusal } from './refuse.js';

/** What the client says of itself, as it may be recorded: `initialize`, or `_meta` of a request that stands for itself. */
const maskedClient = async (maskFor: MaskFor, granted: Granted): Promise<string> => {
  const { server, principal, client, message, era } = granted;
  const about = { direction: 'to_server', tool: null, groups: principal.groups } as const;
  try {
    const agent =
      client.userAgent === null
        ? null
        : await maskedText(maskFor(server, { ...about, base: '/user_agent' }), client.userAgent);
    const start = `{"user_agent":${JSON.stringify(agent)},`;
    if (era === 'legacy') return `${start}"initialize":${granted.arguments.masked.toString('utf8')}}`;
    const meta = at(message.node, 'params', '_meta');
    const json = meta ? compactJson(message.bytes.subarray(meta.start, meta.end)) : Buffer.from('null');
    const { bytes } = await maskFor(server, { ...about, base: '/params/_meta' })(json);
    return `${start}"meta":${bytes.toString('utf8')}}`;
  } catch (error) {
    throw maskingRefusal(error, 'the name of the client could not be masked for the record');
  }
};

/** `session` opened: with what the client says of itself, which nobody has checked. */
export const openedDraft = async (maskFor: MaskFor, granted: Granted): Promise<RecordDraft> => ({
  type: 'session',
  d: {
    event: 'opened',
    session: granted.session,
    principal: { iss: granted.principal.issuer, sub: granted.principal.subject },
    server: granted.server.id,
    revision: granted.era === 'modern' ? REVISION : (revisionOf(granted.message) ?? null),
    address: granted.client.address,
    reason: null,
    calls: 0,
    dropped: 0,
  },
  payloads: { client: await maskedClient(maskFor, granted) },
});
