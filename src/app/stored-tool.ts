import { z } from 'zod';
import type { ToolRecord } from '../model/record.js';

const schema = z.object({
  event: z.enum(['seen', 'changed']),
  server: z.string(),
  name: z.string(),
  digest: z.string(),
  previous: z.string().nullable(),
  destructive: z.boolean(),
});

/** A `tool` record as read back from the ledger. */
export const toolRecord = (d: unknown): ToolRecord => schema.parse(d);
