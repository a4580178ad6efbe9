/** Identity providers: reachable, who they say they are, with keys, and of the same time. */
import type { Fetch } from '../../identity/fetch-json.js';
import { discoverKeysUrl, fetchKeys } from '../../identity/issuer.js';
import type { Settings } from '../../model/settings.js';
import { type DoctorCheck, fail, open, pass } from './check.js';

/** Tokens are checked with a tolerance of 5 s; the Date header is whole seconds and travels. */
const MOST_APART = 5_000;

const MEND =
  'compare identity.issuers with the issuer of a token, letter by letter; see that this machine reaches it (DNS, proxy, TLS)';

/** A fetch that notes how far the clock of the answering machine is ahead, milliseconds. */
const timed = (now: () => number, note: (ahead: number) => void): Fetch => {
  return async (input, init) => {
    const sent = now();
    const response = await fetch(input, init);
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) note(date + 500 - (sent + now()) / 2);
    return response;
  };
};

const clockCheck = (issuer: string, ahead: number | undefined): DoctorCheck => {
  const what = `clock against ${issuer}`;
  if (ahead === undefined) return open(what, 'cannot be compared: its answer bears no date', 'check the clock (NTP)');
  const message = `${(Math.abs(ahead) / 1_000).toFixed(1)} s ${ahead > 0 ? 'behind' : 'ahead'}`;
  if (Math.abs(ahead) <= MOST_APART) return pass(what, message);
  return fail(what, message, 'synchronise the clock of this machine (NTP): tokens would be refused');
};

const checkIssuer = async (issuer: string, demo: boolean, now: () => number): Promise<readonly DoctorCheck[]> => {
  const what = `issuer ${issuer}`;
  let ahead: number | undefined;
  const get = timed(now, (difference) => {
    ahead = difference;
  });
  const { signal } = new AbortController();
  const found = await discoverKeysUrl(get, issuer, demo, signal);
  if (!found.ok) return [fail(what, found.problem, MEND)];
  const keys = await fetchKeys(get, found.value, signal);
  const check = keys.ok ? pass(what, `answers, with ${keys.value.length} public keys`) : fail(what, keys.problem, MEND);
  return [check, clockCheck(issuer, ahead)];
};

/** @param now the clock of this machine, milliseconds since 1970 */
export const checkIssuers = async ({ issuers, demo }: Settings, now: () => number): Promise<readonly DoctorCheck[]> =>
  (await Promise.all(issuers.map(({ issuer }) => checkIssuer(issuer, demo, now)))).flat();
