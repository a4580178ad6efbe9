/** Keys that everybody has: printed in standards and in this repository's tests, or no keys at all. */
import type { KeyObject } from 'node:crypto';
import { CountersignError } from '../../base/errors.js';
import type { Settings } from '../../model/settings.js';

/** Ed25519 private keys of the examples in RFC 8032 §7.1, hex. */
const PRINTED: ReadonlySet<string> = new Set([
  '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
]);

const bytesOf = (key: KeyObject | Uint8Array): Uint8Array =>
  key instanceof Uint8Array ? key : Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');

/** One byte over and over, or bytes that count up: what examples and tests use. */
const isPattern = (bytes: Uint8Array): boolean => {
  const step = ((bytes[1] ?? 0) - (bytes[0] ?? 0) + 256) % 256;
  return step <= 1 && bytes.every((byte, at) => byte === ((bytes[0] ?? 0) + at * step) % 256);
};

/**
 * Refuses, outside a demonstration, a private or digest key that others know.
 * @param field where the configuration names it, such as `ledger.key`
 * @throws CONFIG_DEMO
 */
export const refuseKnownKey = (
  { demo, file }: Pick<Settings, 'demo' | 'file'>,
  field: string,
  key: KeyObject | Uint8Array,
): void => {
  const bytes = bytesOf(key);
  if (demo || !(isPattern(bytes) || PRINTED.has(Buffer.from(bytes).toString('hex')))) return;
  throw new CountersignError('CONFIG_DEMO', { file, problem: `${field} holds a key from an example; make a new one` });
};
