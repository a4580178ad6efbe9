/** A payload too large for a line, through a power cut at every operation, on a disk that reorders what was not synced. */
import { expect, test } from 'vitest';
import { callDraft } from '../ledger/samples.js';
import { randomFrom } from './random.js';
import { SimulatedDisk } from './simulated-disk.js';
import { codeOf, comeBack, entries, open } from './stand.js';

const BIG = `"${'x'.repeat(1_100_000)}"`;

/** Appends until the power is gone after operation `at`; whether it was gone, and what was acknowledged. */
const appendUntil = async (disk: SimulatedDisk, at: number) => {
  let operations = 0;
  disk.after = () => {
    if (++operations >= at) throw new Error('the power is gone');
  };
  let acknowledged: number | null = null;
  await codeOf(
    (async () => {
      const ledger = await open(disk);
      acknowledged = (await ledger.append(callDraft(1, { forwarded: false }, { args: BIG }))).seq;
      await ledger.close('test');
    })(),
  );
  return { reached: operations >= at, acknowledged };
};

test('a payload of an acknowledged record is there whole, and the ledger goes on', async () => {
  let acked = 0;
  for (let at = 1; ; at++) {
    const disk = new SimulatedDisk();
    const { reached, acknowledged } = await appendUntil(disk, at);
    const random = randomFrom(at);
    const chance = (): boolean => random() < 0.6;
    const back = comeBack(disk, { sectors: { keep: chance, size: chance }, names: chance });
    await (await open(back)).close('test');
    const list = await entries(back);
    for (const { seq, payloads } of list) {
      const { args } = payloads;
      if (args && 'blob' in args) expect(back.bytes(args.blob).toString(), `cut ${at}, record ${seq}`).toBe(BIG);
    }
    if (acknowledged !== null) {
      acked++;
      expect(list[acknowledged]?.payloads['args'], `cut ${at}`).toHaveProperty('blob');
    }
    if (!reached) break;
  }
  expect(acked).toBeGreaterThan(0);
});
