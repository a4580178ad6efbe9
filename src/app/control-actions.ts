/** What a running gateway does for commands, over the socket in the folder of its ledger. */
import { z } from 'zod';
import { CountersignError } from '../base/errors.js';
import type { JsonValue } from '../base/json.js';
import type { OpenedLedger } from '../ledger/append.js';
import type { ControlActions } from './ledger-control.js';

const access = z.strictObject({
  what: z.string().max(200),
  who: z.string().max(500),
  period: z.string().max(200).nullable(),
  manifest: z.string().max(200).nullable(),
});

const parsed = <T>(schema: z.ZodType<T>, ask: JsonValue): T => {
  const { success, data } = schema.safeParse(ask);
  if (success) return data;
  throw new CountersignError('USAGE', { problem: 'the command and the gateway are of different versions' });
};

/** `rotate`: begins the next segment. `access`: records that evidence was read. */
export const controlActions = ({ ledger }: { readonly ledger: OpenedLedger }): ControlActions => ({
  rotate: async () => ({ segment: (await ledger.rotate()).seq }),
  access: async (ask) => ({ seq: (await ledger.append({ type: 'access', d: parsed(access, ask) })).seq }),
});
