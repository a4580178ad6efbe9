/** Takes a snapshot of each source of identities and rebuilds the warehouse with them. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/clock.js';
import { readBounded } from '../base/durable.js';
import { CountersignError, EXIT, type ExitCode, reason } from '../base/errors.js';
import { awsSource } from '../collect/identity/aws.js';
import { openAwsAccount } from '../collect/identity/aws-client.js';
import { csvSource } from '../collect/identity/csv.js';
import { oktaSource } from '../collect/identity/okta.js';
import { oktaGet } from '../collect/identity/okta-http.js';
import { scimSource } from '../collect/identity/scim.js';
import { IdentityError, type IdentitySource } from '../collect/identity/source.js';
import { type TakenIdentity, takeIdentity } from '../collect/identity/take.js';
import { MAX_SNAPSHOT_BYTES } from '../model/identity-snapshot.js';
import type { IdentitySourceSettings } from '../model/identity-source-settings.js';
import type { Settings } from '../model/settings.js';
import { buildWarehouse } from '../warehouse/build.js';
import { ledgerRecords } from './collect.js';
import { resolveSecret } from './config/secret.js';
import { peerRecords } from './peer-ledgers.js';

export interface IdentityAsk {
  readonly settings: Settings;
  /** The machine's, where absent. */
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

/** What was left out of scope by the configuration, or a source that was not taken. */
export interface IdentityNote {
  readonly source: string;
  readonly reason: string;
}

export interface IdentitySummary {
  readonly taken: readonly TakenIdentity[];
  /** Sources that could not be read, and parts that were left out. */
  readonly problems: readonly IdentityNote[];
  /** Roles that the configuration leaves out of scope. */
  readonly excluded: readonly string[];
  /** Exit 11 where a source is missing. */
  readonly exit: ExitCode;
}

const fileOf = (path: string) => async (): Promise<Buffer> => {
  try {
    return await readBounded(path, MAX_SNAPSHOT_BYTES);
  } catch (error) {
    throw new IdentityError(`${path} cannot be read: ${reason(error)}`);
  }
};

const openSource = async (source: IdentitySourceSettings, environment: NodeJS.ProcessEnv): Promise<IdentitySource> => {
  if ('okta' in source) {
    const { origin, token, issuer, subject } = source.okta;
    const get = oktaGet(await resolveSecret(token, environment));
    return oktaSource({ origin, get, issuer, subject, sleep: (ms) => wait(ms), now: () => Date.now() });
  }
  if ('scim' in source) {
    const { users, groups, issuer, subject } = source.scim;
    const name = `scim:${issuer}`;
    return scimSource({
      issuer,
      subject,
      source: name,
      users: fileOf(users),
      groups: groups === null ? null : fileOf(groups),
    });
  }
  if ('csv' in source) {
    const { file, issuer } = source.csv;
    return csvSource({ issuer, source: `csv:${issuer}`, bytes: fileOf(file) });
  }
  const { account, exclude } = source.aws;
  const aws = await openAwsAccount(source.aws, environment, (ms) => wait(ms));
  return awsSource({ account, aws, exclude });
};

/**
 * Takes the sources of the configuration one after the other; one that cannot be read whole is named and does not stop the
 * others.
 * @throws CountersignError IDENTITY_SOURCE, SECRET_MISSING, KEY_FILE, RAW_INDEX, RAW_CHANGED, and those of `buildWarehouse`
 */
export const collectIdentity = async (ask: IdentityAsk): Promise<IdentitySummary> => {
  const { settings, clock = systemClock(), environment = process.env } = ask;
  const { dataDir } = settings.gateway;
  const onProgress = (step: string, done: number, total: number): void => ask.onProgress?.(step, done, total);
  if (settings.collect.identity.length === 0) throw new CountersignError('IDENTITY_SOURCE');
  const taken: TakenIdentity[] = [];
  const problems: IdentityNote[] = [];
  // A secret that is missing ends it before anything is taken.
  const sources: IdentitySource[] = [];
  for (const named of settings.collect.identity) sources.push(await openSource(named, environment));
  for (const source of sources) {
    try {
      const one = await takeIdentity(dataDir, source, clock.now(), onProgress);
      taken.push(one);
      problems.push(...one.notes.map((why) => ({ source: source.source, reason: why })));
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      problems.push({ source: source.source, reason: error.message });
    }
  }
  await buildWarehouse({
    dataDir,
    records: ledgerRecords(settings),
    peers: await peerRecords(settings),
    settings,
    onStep: onProgress,
  });
  const excluded = settings.collect.identity.flatMap((one) => ('aws' in one ? one.aws.exclude : []));
  return { taken, problems, excluded, exit: problems.length > 0 ? EXIT.incomplete : EXIT.ok };
};
