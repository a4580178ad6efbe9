/** The ledger of a configuration: its folder, its root key, and how a command reaches it, beside a gateway or alone. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import type { JsonValue } from '../base/json.js';
import { openLedger } from '../ledger/append.js';
import { ledgerDir } from '../ledger/folder.js';
import { parseSigningKey } from '../ledger/keys.js';
import { openKms, remoteKey } from '../ledger/kms.js';
import type { OpenedLedger } from '../ledger/opening.js';
import type { RemoteKey } from '../ledger/root.js';
import type { Settings } from '../model/settings.js';
import { refuseKnownKey, resolveSecret, sourceName } from './config.js';
import { askControl } from './ledger-control.js';
import { KEPT } from './restore.js';

type Environment = Record<string, string | undefined>;

/** Its folder. */
export const ownLedgerDir = ({ gateway, ledger }: Pick<Settings, 'gateway' | 'ledger'>): string =>
  ledgerDir(gateway.dataDir, ledger.origin);

/**
 * The root key of the configuration: from a file or the environment, or where it is kept.
 * @throws CountersignError KEY_FILE, SECRET_MISSING, CONFIG_DEMO, ROOT_KEY_UNAVAILABLE
 */
export const ledgerKey = async (settings: Settings, environment: Environment): Promise<KeyObject | RemoteKey> => {
  const { key: source } = settings.ledger;
  if ('arn' in source) return remoteKey(await openKms(source, environment));
  const text = await resolveSecret(source, environment);
  const key = parseSigningKey(text, sourceName(source));
  refuseKnownKey(settings, 'ledger.key', key);
  return key;
};

/** What a command brings along. */
export interface CommandDeps {
  readonly clock: Clock;
  readonly environment: Environment;
}

const openForCommand = async (settings: Settings, { clock, environment }: CommandDeps): Promise<OpenedLedger> => {
  const { origin, rotate } = settings.ledger;
  return openLedger({
    dir: ownLedgerDir(settings),
    origin,
    key: await ledgerKey(settings, environment),
    clock,
    heartbeat: 0,
    keep: KEPT,
    ...(rotate ? { rotate } : {}),
  });
};

/** Something only the writer of a ledger can do. */
export interface WriterTask {
  /** How a running gateway knows it, and what it is asked. */
  readonly action: string;
  readonly ask: JsonValue;
  /** The same, where no gateway runs and this process is the writer. */
  readonly act: (ledger: OpenedLedger) => Promise<JsonValue>;
}

/**
 * Has it done by the gateway that holds the ledger, or takes the lock where none runs.
 * @throws CountersignError LEDGER_LOCKED where another process holds it that cannot be asked; what the task throws
 */
export const askWriter = async (
  settings: Settings,
  deps: CommandDeps,
  { action, ask, act }: WriterTask,
): Promise<{ readonly value: JsonValue; readonly by: 'gateway' | 'command' }> => {
  const value = await askControl(ownLedgerDir(settings), action, ask);
  if (value !== undefined) return { value, by: 'gateway' };
  const ledger = await openForCommand(settings, deps);
  try {
    return { value: await act(ledger), by: 'command' };
  } finally {
    await ledger.close(action);
  }
};
