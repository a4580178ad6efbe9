/** The ledger's part of a report: a copy that is verified, and the record that a report was made. */
import { join } from 'node:path';
import { realFiles } from '../../base/durable.js';
import { reason } from '../../base/errors.js';
import { newestReceipts } from '../../ledger/anchors/receipts.js';
import { ledgerDir } from '../../ledger/folder.js';
import { parseSigningKey } from '../../ledger/keys.js';
import type { SecretSource } from '../../model/credential-settings.js';
import type { Verification } from '../../model/evidence.js';
import type { AccessOutcome } from '../../report/package.js';
import { createFindings, type Findings } from '../../verify/findings.js';
import { type LedgerHead, verifyLedger } from '../../verify/ledger.js';
import { noTrust } from '../../verify/trust.js';
import { resolveSecret, sourceName } from '../config.js';
import { askWriter, ownLedgerDir } from '../own-ledger.js';
import type { ReportAsk } from './ask.js';
import { snapshotLedger } from './snapshot.js';

/** A report that was asked for, with everything decided that the asker left open. */
export type ReportJob = ReportAsk & Required<Pick<ReportAsk, 'clock' | 'environment'>>;

/**
 * An Ed25519 key from where the configuration says it is.
 * @throws CountersignError KEY_FILE, SECRET_MISSING
 */
export const signingKey = async (source: SecretSource, environment: NodeJS.ProcessEnv) =>
  parseSigningKey(await resolveSecret(source, environment), sourceName(source));

export interface CheckedLedger {
  readonly dir: string;
  readonly head: LedgerHead | null;
  readonly verification: Verification;
}

const KINDS: Readonly<Record<string, string>> = {
  s3: 'a bucket with Object Lock',
  timestamp: 'a time stamp authority',
  witness: 'a witness',
  file: 'a text file to be carried elsewhere',
};

/** How far anchors have confirmed the ledger by their own receipts, and what waits for each: for the auditor to check. */
const tellAnchors = async (dir: string, head: LedgerHead | null, findings: Findings): Promise<void> => {
  for (const { name, kind, size, at } of await newestReceipts(dir)) {
    const when = at === null ? '' : `, last at ${at}`;
    const open = (head?.size ?? 0) - size;
    const wait = open > 0 ? `the ${open} records after them wait for it` : 'nothing waits for it';
    const message = `receipts of the anchor ${name} (${KINDS[kind] ?? 'unknown'}) are of records 0 to ${size - 1}${when}; ${wait}. They count under the auditor's trust file alone.`;
    findings.add('note', 'ANCHOR_RECEIPTS', message);
  }
};

/** Copies the ledger as it stands and walks the copy; `head` is null where nothing in it verifies. */
export const checkLedger = async (
  ask: Pick<ReportJob, 'settings' | 'onProgress'>,
  scratch: string,
): Promise<CheckedLedger> => {
  const { settings } = ask;
  const { origin } = settings.ledger;
  const findings = createFindings();
  const from = ledgerDir(settings.gateway.dataDir, origin);
  const dir = join(scratch, 'ledger');
  if ((await realFiles.facts(from)) === undefined) {
    findings.add('incomplete', 'LEDGER_ABSENT', `there is no ledger of ${origin}: no gateway has run.`);
    return { dir, head: null, verification: findings.result(origin, 'ledger') };
  }
  const { leftOut } = await snapshotLedger(from, dir);
  const onProgress = ({ done, total }: { done: number; total: number }): void =>
    ask.onProgress?.('verify', done, total);
  const head = await verifyLedger({ dir, label: '', trust: noTrust(), findings, onProgress });
  if (leftOut > 0) {
    findings.add(
      'note',
      'TAIL_LEFT_OUT',
      `${leftOut} bytes after the last checkpoint are not in the copy: a write under way.`,
    );
  }
  await tellAnchors(dir, head, findings);
  return { dir, head, verification: findings.result(origin, 'ledger') };
};

/** Rows of the table `ledger_check`. */
export const ledgerRows = (origin: string, { head, verification }: CheckedLedger) => {
  if (head === null && verification.findings.every(({ code }) => code === 'LEDGER_ABSENT')) return [];
  const broken = verification.findings.filter(({ severity }) => severity === 'integrity');
  if (broken.length === 0) return [{ origin, ok: true, code: null, message: null }];
  return broken.map(({ code, message }) => ({ origin, ok: false, code, message }));
};

/** Appends that the report was made: through the gateway that holds the ledger, or alone. */
export const recordAccess = async (ask: ReportJob, manifest: string, by: string): Promise<AccessOutcome> => {
  const { settings, clock, environment, period } = ask;
  if ((await realFiles.facts(ownLedgerDir(settings))) === undefined) {
    return { recorded: false, reason: 'there is no ledger' };
  }
  const d = { what: 'report', who: by, period: period.label, manifest };
  try {
    await askWriter(
      settings,
      { clock, environment },
      { action: 'access', ask: d, act: async (ledger) => ({ seq: (await ledger.append({ type: 'access', d })).seq }) },
    );
    return { recorded: true, reason: null };
  } catch (error) {
    return { recorded: false, reason: reason(error) };
  }
};
