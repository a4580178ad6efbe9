import { z } from 'zod';
import { type ToolRecord, UNSAID_HINTS } from '../model/tool.js';

const schema = z.object({
  event: z.enum(['seen', 'changed']),
  server: z.string(),
  name: z.string(),
  digest: z.string(),
  previous: z.string().nullable(),
  destructive: z.boolean(),
  hints: z
    .object({ readOnly: z.boolean(), destructive: z.boolean(), idempotent: z.boolean(), openWorld: z.boolean() })
    // What an earlier version did not record is what the protocol supposes of a server that says nothing.
    .default(UNSAID_HINTS),
  flags: z.array(z.enum(['hidden_characters', 'instructions', 'very_long'])).default([]),
});

/** A `tool` record as read back from the ledger. */
export const toolRecord = (d: unknown): ToolRecord => schema.parse(d);
