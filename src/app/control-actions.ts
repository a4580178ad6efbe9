/** What a running gateway does for commands, over the socket in the folder of its ledger. */
import { z } from 'zod';
import { CountersignError } from '../base/errors.js';
import type { JsonValue } from '../base/json.js';
import type { Anchoring } from '../ledger/anchors/anchoring.js';
import type { OpenedLedger } from '../ledger/opening.js';
import { anchorNow } from './ledger-anchor.js';
import type { ControlActions } from './ledger-control.js';
import { recordProbes } from './probe-records.js';
import { recordRemoval } from './removal/record.js';

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

/** The parts of a gateway that commands ask for something. */
export interface ControlledParts {
  readonly ledger: OpenedLedger;
  readonly anchoring: Pick<Anchoring, 'now'>;
}

/**
 * `rotate`: begins the next segment. `access`: records that evidence was read. `anchor`: has each anchor confirm now.
 * `remove`: records a removal that custodians ordered. `probe`: records what a look around the gateway saw.
 */
export const controlActions = ({ ledger, anchoring }: ControlledParts): ControlActions => ({
  rotate: async () => ({ segment: (await ledger.rotate()).seq }),
  access: async (ask) => ({ seq: (await ledger.append({ type: 'access', d: parsed(access, ask) })).seq }),
  anchor: () => anchorNow(anchoring),
  remove: (ask) => recordRemoval(ledger, ask),
  probe: (ask) => recordProbes(ledger, ask),
});
