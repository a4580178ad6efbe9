/** `doctor`: what can go wrong before the first call, each with its mend. Looks, and changes nothing. */
import { EXIT, type ExitCode } from '../base/errors.js';
import type { Settings } from '../model/settings.js';
import { loadSettings } from './config.js';
import { checkBuckets } from './doctor/buckets.js';
import { type DoctorCheck, pass, thrown } from './doctor/check.js';
import { checkIssuers } from './doctor/issuers.js';
import { checkDisk, checkNode, checkPorts, checkTrails } from './doctor/machine.js';
import { checkSecrets } from './doctor/secrets.js';
import { checkUpstreams } from './doctor/upstreams.js';

export type { DoctorCheck } from './doctor/check.js';

/** What is looked at, and with whose eyes; the machine's own where absent. */
export interface CheckupAsk {
  /** The configuration file, as `-c` names it. */
  readonly config?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Version of Node.js. */
  readonly node?: string;
}

export interface Checkup {
  readonly checks: readonly DoctorCheck[];
  /** 2 where the gateway would not start or calls would fail, 11 where something is missing, else 0. */
  readonly exit: ExitCode;
}

const exitOf = (checks: readonly DoctorCheck[]): ExitCode => {
  if (checks.some(({ state }) => state === 'fail')) return EXIT.usage;
  return checks.some(({ state }) => state === 'open') ? EXIT.incomplete : EXIT.ok;
};

const load = async (ask: CheckupAsk, env: NodeJS.ProcessEnv): Promise<Settings | DoctorCheck> => {
  try {
    return await loadSettings(ask.config, env);
  } catch (error) {
    return thrown('configuration', error, 'see that the file can be read');
  }
};

/** Looks at everything the configuration names. Never rejects for what it finds: that is a check that fails. */
export const checkUp = async (ask: CheckupAsk = {}): Promise<Checkup> => {
  const { env = process.env, now = Date.now, node = process.versions.node } = ask;
  const version = checkNode(node);
  const settings = await load(ask, env);
  if ('what' in settings) return { checks: [version, settings], exit: exitOf([version, settings]) };
  const found = await Promise.all([
    checkPorts(settings),
    checkSecrets(settings, env),
    checkIssuers(settings, now),
    checkUpstreams(settings, env['PATH'] ?? ''),
    checkDisk(settings),
    checkTrails(settings),
    checkBuckets(settings, env),
  ]);
  const loaded = pass('configuration', settings.file);
  const checks = [version, loaded, ...found.flat()];
  return { checks, exit: exitOf(checks) };
};
