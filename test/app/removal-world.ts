/** A ledger of 500 days ago with three segments, its configuration, two custodians, and what an auditor trusts. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signOrder } from '../../src/app/removal/order-file.js';
import { timestamp } from '../../src/base/clock.js';
import { createNoteSigner, parseCheckpoint, parseNote } from '../../src/base/note.js';
import { createFileAnchor } from '../../src/ledger/anchors/file.js';
import { keepReceipt } from '../../src/ledger/anchors/receipts.js';
import { createSigningKey } from '../../src/ledger/keys.js';
import type { OpenedLedger } from '../../src/ledger/opening.js';
import type { Verification } from '../../src/model/evidence.js';
import { verifyPath } from '../../src/verify/verify.js';
import { headOf } from '../ledger/anchors/world.js';
import { callDraft, ORIGIN, openSample, resultDraft, type TestClock, testClock } from '../ledger/samples.js';
import { trustFile } from '../verify/sample.js';
import { GOOD } from './config/example.js';

export const DAY = 86_400_000;
export const ALICE = 'https://id.example.com|alice';
export const BOB = 'https://id.example.com|bob';

interface Custodian {
  readonly name: string;
  readonly file: string;
  readonly key: string;
}

export interface RemovalWorld {
  readonly folder: string;
  readonly dir: string;
  readonly config: string;
  readonly key: KeyObject;
  /** Verifier key of it. */
  readonly rootKey: string;
  readonly custodians: readonly Custodian[];
  /** Records that were there when the world was made. */
  readonly size: number;
  /** The checkpoint over all of them. */
  readonly kept: { readonly origin: string; readonly size: number; readonly root: string };
  /** Writes more of `ledger:` into the configuration. */
  configure(ledger: string): void;
  /** Signs an order as these custodians. */
  sign(order: string, ...indices: number[]): Promise<void>;
  verify(over?: object): Promise<Verification>;
}

const bobsCall = callDraft(0, {
  principal: {
    iss: 'https://id.example.com',
    sub: 'bob',
    kind: 'human',
    groups: [],
    client_id: null,
    act: null,
    amr: [],
    acr: null,
    token: `hs256:01234567:${'a'.repeat(64)}`,
    exp: 1_800_000_000,
  },
});

/** Calls of Alice and of Bob in each of three segments, a large payload among them; few batches. */
const fill = async (ledger: OpenedLedger, clock: TestClock): Promise<void> => {
  const counts: Record<string, number> = { seg: 0, call: 0, result: 0, hb: 0 };
  const large = { args: JSON.stringify({ text: 'x'.repeat(1_100_000) }) };
  for (let segment = 0; segment < 3; segment++) {
    clock.advance(1_000);
    const drafts = [callDraft(segment * 10, {}, large), callDraft(segment * 10 + 1), bobsCall];
    const under: Promise<unknown>[] = [];
    for (const [n, draft] of drafts.entries()) {
      const intent = ledger.size;
      const call = ledger.append(draft);
      // A blob is written before its record gets its place.
      if (n === 0) await call;
      const result = resultDraft(segment * 10 + n, intent);
      if (result.type !== 'result' || draft.type !== 'call') continue;
      under.push(call, ledger.append({ ...result, d: { ...result.d, call: draft.d.call } }));
    }
    for (const [type, more] of Object.entries({ seg: 1, call: 3, result: 3 }))
      counts[type] = (counts[type] ?? 0) + more;
    const said = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
    under.push(ledger.append({ type: 'hb', d: { counts: said } }));
    counts['hb'] = (counts['hb'] ?? 0) + 1;
    await Promise.all(under);
    if (segment < 2) await ledger.rotate();
  }
};

/** The world. The clock of the ledger is 500 days behind. */
export const removalWorld = async (): Promise<RemovalWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-removal-'));
  const key = await createSigningKey(join(folder, 'keys', 'ledger.key'));
  const custodians = await Promise.all(
    ['alice', 'bob', 'carol'].map(async (name): Promise<Custodian> => {
      const file = join(folder, `${name}.key`);
      const own = await createSigningKey(file);
      return { name: `${name}@example.com`, file, key: createNoteSigner(`${name}@example.com`, own).key };
    }),
  );
  const dir = join(folder, 'data', 'ledger', 'example.com_mcp_gw-1');
  const clock = testClock(Date.now() - 500 * DAY);
  const ledger = await openSample({ dir, key, clock, rotate: { bytes: 1e9, age: 1e12 } });
  await fill(ledger, clock);
  await ledger.close('the world is made');
  const { note } = ledger.checkpoint ?? { note: '' };
  const { size, root } = parseCheckpoint(parseNote(note).text);
  const anchor = createFileAnchor({ name: 'carry', path: join(folder, 'carry.txt') });
  await keepReceipt(dir, 'carry', clock.now(), await anchor.put(headOf(ledger), new AbortController().signal));
  mkdirSync(join(dir, 'vault'), { recursive: true });
  for (const days of [499, 500, 501]) {
    writeFileSync(join(dir, 'vault', `${timestamp(Date.now() - days * DAY).slice(0, 10)}.key`), 'salts');
  }
  const config = join(folder, 'countersign.yaml');
  const configure = (more: string): void => {
    const keys = custodians.map((custodian) => `'${custodian.key}'`).join(', ');
    writeFileSync(config, `${GOOD}  custodians: [${keys}]\n${more}`);
  };
  configure('  recordRetention: 450d\n');
  const kept = { origin: ORIGIN, size, root: root.toString('hex') };
  return {
    folder,
    dir,
    config,
    key,
    rootKey: ledger.key,
    custodians,
    size,
    kept,
    configure,
    sign: async (order, ...indices) => {
      for (const index of indices) {
        const custodian = custodians[index];
        if (custodian) await signOrder({ file: order, key: custodian.file, name: custodian.name });
      }
    },
    verify: async (over = {}) => {
      const trusted = {
        ledgers: [ledger.key],
        checkpoints: [kept],
        custodians: custodians.map((custodian) => custodian.key),
      };
      return verifyPath(dir, { trust: await trustFile({ ...trusted, ...over }) });
    },
  };
};

/** The lines of every segment file, in order. */
export const linesOf = (dir: string): string[] =>
  readdirSync(join(dir, 'log'))
    .sort()
    .flatMap((name) =>
      readFileSync(join(dir, 'log', name), 'utf8')
        .trimEnd()
        .split('\n'),
    );
