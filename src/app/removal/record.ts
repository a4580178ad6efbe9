/** The record of a removal, durable before anything goes: by the running gateway, or by the command where none runs. */
import { z } from 'zod';
import { CountersignError } from '../../base/errors.js';
import type { JsonValue } from '../../base/json.js';
import type { OpenedLedger } from '../../ledger/opening.js';
import { readLedger } from '../../ledger/read.js';
import type { Settings } from '../../model/settings.js';
import { askWriter, type CommandDeps, ownLedgerDir } from '../own-ledger.js';

const size = z.int().min(1);
const order = z.string().max(16_384);

const removal = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('prune'),
    d: z.strictObject({ what: z.enum(['payloads', 'segments']), size, order }),
  }),
  z.strictObject({
    type: z.literal('erase'),
    d: z.strictObject({ size, count: z.int().min(1), order }),
    payloads: z.strictObject({ list: z.string().max(1_048_576) }),
  }),
]);

export type RemovalDraft = z.output<typeof removal>;

/** Appends it to an open ledger. @throws CountersignError USAGE where it is no record of a removal */
export const recordRemoval = async (ledger: OpenedLedger, ask: JsonValue): Promise<JsonValue> => {
  const { success, data } = removal.safeParse(ask);
  if (!success)
    throw new CountersignError('USAGE', { problem: 'the command and the gateway are of different versions' });
  return { seq: (await ledger.append(data)).seq };
};

/** Whether the ledger holds a record of this very order: then the removal goes on. */
const isRecorded = async (dir: string, text: string): Promise<boolean> => {
  for await (const { type, d } of readLedger(dir)) {
    if ((type === 'prune' || type === 'erase') && d['order'] === text) return true;
  }
  return false;
};

/** Puts the removal on record, once. */
export const ensureRecorded = async (settings: Settings, deps: CommandDeps, draft: RemovalDraft): Promise<void> => {
  if (await isRecorded(ownLedgerDir(settings), draft.d.order)) return;
  await askWriter(settings, deps, { action: 'remove', ask: draft, act: (ledger) => recordRemoval(ledger, draft) });
};
