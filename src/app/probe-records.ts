/** What `doctor --bypass` saw, written by whoever holds the ledger. */
import { z } from 'zod';
import { CountersignError } from '../base/errors.js';
import type { JsonValue } from '../base/json.js';
import type { Ledger } from '../model/ports.js';
import { PROBE_OUTCOMES } from '../model/probe.js';

const Ask = z.strictObject({
  probes: z
    .array(
      z.strictObject({
        server: z.string().max(32),
        transport: z.enum(['http', 'stdio']),
        outcome: z.enum(PROBE_OUTCOMES),
        address: z.string().max(2_048).nullable(),
        says: z.string().max(8_192),
        from: z.string().max(500),
      }),
    )
    .max(100),
});

/**
 * Appends one record for each server.
 * @throws CountersignError USAGE where the question is not as this version asks it
 */
export const recordProbes = async (ledger: Pick<Ledger, 'append'>, ask: JsonValue): Promise<JsonValue> => {
  const { success, data } = Ask.safeParse(ask);
  if (!success)
    throw new CountersignError('USAGE', { problem: 'the command and the gateway are of different versions' });
  const receipts = await Promise.all(data.probes.map((d) => ledger.append({ type: 'probe', d })));
  return { seqs: receipts.map(({ seq }) => seq) };
};
