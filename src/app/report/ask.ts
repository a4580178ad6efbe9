/** What a report is asked for. */
import type { Clock } from '../../base/clock.js';
import type { Period } from '../../model/evidence.js';
import type { Settings } from '../../model/settings.js';

export interface ReportAsk {
  readonly settings: Settings;
  readonly period: Period;
  /** Of this program; stands in the package. */
  readonly version: string;
  /** Leaves the bytes of CloudTrail objects out of the package: only their index goes in. */
  readonly withoutRaw?: boolean;
  /** The machine's, where absent. */
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
  /** Ends the report at its next step, with what it was aborted with; nothing of it is left. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}
