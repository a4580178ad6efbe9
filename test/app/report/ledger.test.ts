/** The ledger's part of a report: what its own receipts of anchors say, and the copy of a pruned one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSettings } from '../../../src/app/config.js';
import { preparePrune, prune } from '../../../src/app/removal/prune.js';
import { checkLedger } from '../../../src/app/report/ledger.js';
import { timestamp } from '../../../src/base/clock.js';
import { verifyPath } from '../../../src/verify/verify.js';
import { trustFile } from '../../verify/sample.js';
import { DAY, type RemovalWorld, removalWorld } from '../removal-world.js';

let world: RemovalWorld;
beforeAll(async () => {
  world = await removalWorld();
});
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));

test('receipts are told as what they are: for the auditor to check', async () => {
  const settings = await loadSettings(world.config, {});
  const { verification } = await checkLedger({ settings }, mkdtempSync(join(world.folder, 'report-')));
  const told = verification.findings.find(({ code }) => code === 'ANCHOR_RECEIPTS');
  expect(told).toMatchObject({ severity: 'note' });
  expect(told?.message).toBe(
    `receipts of the anchor carry (a text file to be carried elsewhere) are of records 0 to ${world.size - 1}; nothing waits for it. They count under the auditor's trust file alone.`,
  );
});

test('the copy of a pruned ledger verifies as the ledger does', async () => {
  const order = join(world.folder, 'order');
  await preparePrune({
    config: world.config,
    before: timestamp(Date.now() - 480 * DAY),
    what: 'segments',
    file: order,
  });
  await world.sign(order, 0, 1);
  await prune({ config: world.config, order });
  const settings = await loadSettings(world.config, {});
  const { dir, verification } = await checkLedger({ settings }, mkdtempSync(join(world.folder, 'report-')));
  expect(verification.exit).toBe(13);
  expect(verification.findings.find(({ code }) => code === 'ANCHOR_RECEIPTS')?.message).toContain(
    'after them wait for it',
  );
  const custodians = world.custodians.map(({ key }) => key);
  const trust = await trustFile({ ledgers: [world.rootKey], custodians, checkpoints: [world.kept] });
  const found = await verifyPath(dir, { trust });
  expect(found.findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code)).toEqual([
    'NOT_ANCHORED',
  ]);
});
