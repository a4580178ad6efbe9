/** The fields of a server-sent event beside its data come from the server too, so they leave masked or not at all. */
import type { EventFields } from '../model/call.js';
import type { MaskFor } from '../model/redaction.js';
import type { ServerSettings } from '../model/settings.js';

/** What of an event's fields may leave. Where masking finds something in its id or name, or fails, neither does. */
export type MaskEvent = (server: ServerSettings, event: EventFields) => Promise<EventFields>;

const ABOUT = { direction: 'to_client', tool: null, groups: [], base: '' } as const;

export const createMaskEvent =
  (maskFor: MaskFor): MaskEvent =>
  async (server, event) => {
    const { id, event: name, retry } = event;
    if (id === undefined && (name === undefined || name === 'message')) return event;
    const json = Buffer.from(JSON.stringify({ id, event: name }));
    const without: EventFields = retry === undefined ? {} : { retry };
    try {
      const { bytes } = await maskFor(server, ABOUT)(json);
      return bytes.equals(json) ? event : without;
    } catch {
      // Fail closed: a client without the id cannot resume, which is all it loses.
      return without;
    }
  };
