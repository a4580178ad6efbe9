/** The report of a period: verify, load, test, package. */
import { systemClock } from '../base/clock.js';
import { createNoteSigner, type NoteSigner } from '../base/note.js';
import type { Settings } from '../model/settings.js';
import { refuseKnownKey } from './config.js';
import type { ReportAsk } from './report/ask.js';
import { controlSet } from './report/control-set.js';
import { stoppable, withRoom } from './report/ending.js';
import { type ReportJob, signingKey } from './report/ledger.js';
import { makePackage, type ReportSummary } from './report/make.js';
import { perform } from './report/perform.js';
import { assertBegun } from './report/period.js';
import { waiversOf } from './report/waivers.js';

export { controlSet } from './report/control-set.js';
export type { ReportSummary } from './report/make.js';
export { parsePeriod, periodBetween } from './report/period.js';

/** Signs packages; its `key` is what an auditor's trust file names under `reports`. */
export const reportSigner = async (settings: Settings, environment: NodeJS.ProcessEnv): Promise<NoteSigner> => {
  const key = await signingKey(settings.evidence.key, environment);
  refuseKnownKey(settings, 'evidence.key', key);
  return createNoteSigner(`${settings.ledger.origin}/report`, key);
};

/**
 * Makes the evidence package of a period from the ledger and from all that was collected.
 * The exit is 12 where the ledger does not verify, 11 where something could not be tested or is not complete,
 * 10 where tests found exceptions.
 * @throws CountersignError PERIOD_INVALID, CONTROL_INVALID, CONTROL_DUPLICATE, WAIVER_INVALID, DISK_FULL, KEY_FILE, SECRET_MISSING, and what building throws
 */
export const report = async (asked: ReportAsk): Promise<ReportSummary> => {
  const job = { clock: systemClock(), environment: process.env, ...asked };
  const ask: ReportJob = { ...job, onProgress: stoppable(asked) };
  const { settings, clock } = ask;
  const started = clock.now();
  assertBegun(ask.period, started);
  const set = await controlSet(settings.evidence.controls);
  const signer = await reportSigner(settings, ask.environment);
  const waived = await waiversOf(settings.evidence.waivers, settings, set.controls, ask.period);
  const plan = { controls: set.controls, waivers: waived.waivers };
  const { outDir } = settings.evidence;
  return withRoom(() =>
    perform({ ...ask, now: started }, plan, (performed) =>
      makePackage(ask, { ...performed, set, waived, signer, outDir, started, asOf: clock.now(), recorder: settings }),
    ),
  );
};
