/** The keys of the gateway, and the secrets of its servers and channels: there, private, and of the right kind. */
import type { KeyObject } from 'node:crypto';
import { parseDigestKey, parseSigningKey } from '../../ledger/keys.js';
import { type KeyService, openKms, remoteKey } from '../../ledger/kms.js';
import type { SecretSource } from '../../model/credential-settings.js';
import type { Settings } from '../../model/settings.js';
import { openChannels } from '../channels.js';
import { refuseKnownKey, resolveSecret, sourceName } from '../config.js';
import { type DoctorCheck, fail, pass, thrown } from './check.js';

const nameOf = (source: SecretSource): string => ('env' in source ? `$${source.env}` : sourceName(source));
const MEND = 'see that the file exists, belongs to the user of the gateway and has mode 600';

type Environment = NodeJS.ProcessEnv;

const checkSecret = async (
  field: string,
  source: SecretSource,
  env: Environment,
  use: (text: string) => void = () => undefined,
): Promise<DoctorCheck> => {
  const what = `${field} ${nameOf(source)}`;
  try {
    use(await resolveSecret(source, env));
    return pass(what, 'can be used');
  } catch (error) {
    return thrown(what, error, MEND);
  }
};

/** Asks for one signature, over a text that nothing else is. */
const checkKms = async (arn: string, service: Promise<KeyService>): Promise<DoctorCheck> => {
  const what = `ledger.key ${arn}`;
  try {
    const key = await remoteKey(await service);
    await key.sign(Buffer.from('countersign/doctor/v1\n'));
    return pass(what, 'signs');
  } catch (error) {
    return thrown(what, error, 'let the role of the gateway do kms:GetPublicKey and kms:Sign on this key');
  }
};

const checkKeys = async (settings: Settings, env: Environment): Promise<readonly DoctorCheck[]> => {
  const { ledger, evidence } = settings;
  const keys: KeyObject[] = [];
  const signing = (source: SecretSource, field: string) => (text: string) => {
    const key = parseSigningKey(text, nameOf(source));
    refuseKnownKey(settings, field, key);
    keys.push(key);
  };
  const digest = (text: string): void => {
    refuseKnownKey(settings, 'ledger.digestKey', parseDigestKey(text, nameOf(ledger.digestKey)));
  };
  const checks = [
    'arn' in ledger.key
      ? await checkKms(ledger.key.arn, openKms(ledger.key, env))
      : await checkSecret('ledger.key', ledger.key, env, signing(ledger.key, 'ledger.key')),
    await checkSecret('ledger.digestKey', ledger.digestKey, env, digest),
    await checkSecret('evidence.key', evidence.key, env, signing(evidence.key, 'evidence.key')),
  ];
  const [first, second] = keys;
  if (!first || !second?.equals(first)) return checks;
  return [
    ...checks,
    fail('evidence.key', 'is the key of the ledger', 'make another: openssl genpkey -algorithm ed25519'),
  ];
};

/** Every secret that the gateway reads at its start. Nothing of a secret is in an answer. */
export const checkSecrets = async (settings: Settings, env: Environment): Promise<readonly DoctorCheck[]> => {
  const servers = settings.servers.flatMap(({ id, upstream }) =>
    Object.entries({
      ...(upstream.kind === 'http' ? upstream.headers : upstream.secretEnv),
      ...(upstream.kind === 'http' && upstream.oauth ? { 'oauth.clientSecret': upstream.oauth.clientSecret } : {}),
    }).map(([name, source]) => [`servers.${id} ${name}`, source] as const),
  );
  const overage = settings.issuers.flatMap(({ issuer, groupOverage }) =>
    groupOverage ? [[`${issuer} groupOverage.clientSecret`, groupOverage.clientSecret] as const] : [],
  );
  const checks = await Promise.all([...servers, ...overage].map(([field, source]) => checkSecret(field, source, env)));
  return [...(await checkKeys(settings, env)), ...checks, ...(await checkChannels(settings, env))];
};

const checkChannels = async (settings: Settings, env: Environment): Promise<readonly DoctorCheck[]> => {
  const names = (settings.channels ?? []).map(({ name }) => name);
  if (names.length === 0) return [];
  const what = `channels ${names.join(', ')}`;
  try {
    await openChannels(settings, env);
    return [pass(what, 'have their secrets')];
  } catch (error) {
    return [thrown(what, error, MEND)];
  }
};
