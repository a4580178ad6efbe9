/** Which prefixes of a trail's bucket hold its objects. Source: AWS CloudTrail user guide, "Finding your CloudTrail log files". */
import { BucketError, type TrailBucket } from './bucket.js';

/** What is asked for; empty lists: what is there. */
export interface TrailScope {
  /** Before `AWSLogs/`. */
  readonly prefix: string;
  readonly organization: string | null;
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
}

/** The logs and digests of one account in one region. */
export interface TrailChain {
  readonly account: string;
  readonly region: string;
  /** Prefixes that end in `<region>/`. */
  readonly prefixes: readonly string[];
}

/** A prefix that could not be listed. */
export interface Refused {
  readonly prefix: string;
  readonly problem: string;
}

export interface FoundChains {
  readonly chains: readonly TrailChain[];
  /** Prefixes whose folders are known. */
  readonly listed: readonly string[];
  readonly refused: readonly Refused[];
}

const KINDS = ['CloudTrail', 'CloudTrail-Digest', 'CloudTrail-Insight', 'CloudTrail-NetworkActivity'];
const ACCOUNT = /^\d{12}$/;
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d+$/;

/** The prefixes that were asked for so far. */
interface Asked {
  readonly listed: string[];
  readonly refused: Refused[];
}

/** Lists a prefix; what is refused is told, unless nothing could ever be listed. */
const foldersOf = async (
  bucket: TrailBucket,
  prefix: string,
  { listed, refused }: Asked,
): Promise<readonly string[]> => {
  try {
    const names = await bucket.folders(prefix);
    listed.push(prefix);
    return names;
  } catch (error) {
    if (!(error instanceof BucketError) || error.ends) throw error;
    refused.push({ prefix, problem: error.message });
    return [];
  }
};

const accountsOf = async (bucket: TrailBucket, base: string, scope: TrailScope, asked: Asked) =>
  scope.accounts.length > 0
    ? scope.accounts
    : (await foldersOf(bucket, base, asked)).filter((name) => ACCOUNT.test(name));

/**
 * Finds accounts and regions. Those that the scope names are in the result although nothing may lie there:
 * a chain that should exist and does not is a finding, not an absence.
 * @throws BucketError where no request can succeed
 */
export const findChains = async (bucket: TrailBucket, scope: TrailScope): Promise<FoundChains> => {
  const asked: Asked = { listed: [], refused: [] };
  const base = `${scope.prefix}AWSLogs/${scope.organization === null ? '' : `${scope.organization}/`}`;
  const chains: TrailChain[] = [];
  for (const account of await accountsOf(bucket, base, scope, asked)) {
    const kinds = (await foldersOf(bucket, `${base}${account}/`, asked)).filter((name) => KINDS.includes(name));
    const found = new Map<string, string[]>(scope.regions.map((region) => [region, []]));
    for (const kind of kinds) {
      for (const region of await foldersOf(bucket, `${base}${account}/${kind}/`, asked)) {
        if (!REGION.test(region) || (scope.regions.length > 0 && !scope.regions.includes(region))) continue;
        found.set(region, [...(found.get(region) ?? []), `${base}${account}/${kind}/${region}/`]);
      }
    }
    for (const [region, prefixes] of found) chains.push({ account, region, prefixes });
  }
  return { chains, ...asked };
};
