/** Every detector. Order decides between two that match at the same anchor. */
import type { DetectorEntry, RunDetector } from '../detector.js';
import { awsSecretAccessKey, awsSessionToken } from './aws-secret.js';
import { email } from './email.js';
import { basicCredentials, bearerToken } from './http-auth.js';
import { ipAddress } from './ip-address.js';
import { nationalIds } from './national-ids.js';
import { nationalPhone } from './national-phone.js';
import { cardNumber, iban } from './numbers.js';
import { privateKey } from './pem.js';
import { phone } from './phone.js';
import { awsAccessKeyId, azureClientSecret, jwt, tokenDetectors } from './tokens.js';
import { urlCredentials } from './url.js';

export const DETECTORS: readonly DetectorEntry[] = [
  ...tokenDetectors,
  awsAccessKeyId,
  azureClientSecret,
  jwt,
  privateKey,
  bearerToken,
  basicCredentials,
  urlCredentials,
  email,
  iban,
  ...nationalIds,
  phone,
  nationalPhone,
  cardNumber,
  ...ipAddress,
];

export const RUN_DETECTORS: readonly RunDetector[] = [awsSecretAccessKey, awsSessionToken];
