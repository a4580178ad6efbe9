/** The daily canary of masking: through the rules of every server, with a record for each. */
import { randomBytes } from 'node:crypto';
import { flyCanary } from '../masking/canary.js';
import type { Ledger } from '../model/ports.js';
import type { MaskFor } from '../model/redaction.js';
import type { Settings } from '../model/settings.js';
import type { Log } from './wire-deps.js';

const DAY = 86_400_000;

export interface CanaryDeps {
  readonly settings: Pick<Settings, 'servers' | 'masking'>;
  readonly maskFor: MaskFor;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly log: Pick<Log, 'error'>;
}

const ABOUT = { direction: 'to_client', tool: null, groups: [], base: '' } as const;

/** Once for every server. Rejects where the record cannot be written. */
export const flyCanaries = async ({ settings, maskFor, ledger, log }: CanaryDeps): Promise<void> => {
  for (const server of settings.servers) {
    const groups = settings.masking.find(({ name }) => name === server.masking)?.detectors ?? [];
    const result = await flyCanary(maskFor(server, ABOUT), groups, randomBytes(16).toString('hex'));
    const { leaked, problem } = result;
    await ledger.append({ type: 'masking', d: { event: 'canary', server: server.id, ...result } });
    if (leaked.length > 0) log.error({ server: server.id, leaked }, 'masking let made-up values out');
    if (problem !== null) log.error({ server: server.id, problem }, 'masking fails; answers are blocked');
  }
};

/** At the start and every day from then on. @returns ends it */
export const startCanaries = (deps: CanaryDeps): (() => void) => {
  const fly = (): void => {
    // Where the ledger cannot write, calls are refused and health says so.
    flyCanaries(deps).catch(() => {});
  };
  const daily = setInterval(fly, DAY);
  fly();
  return () => clearInterval(daily);
};
