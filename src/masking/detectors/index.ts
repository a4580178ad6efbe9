/** Every detector. Order decides between two that match at the same anchor. */
import type { Detector, RunDetector } from '../detector.js';
import { awsSecretAccessKey, awsSessionToken } from './aws-secret.js';
import { email } from './email.js';
import { httpAuth } from './http-auth.js';
import { nationalIds } from './national-ids.js';
import { cardNumber, iban } from './numbers.js';
import { privateKey } from './pem.js';
import { phone } from './phone.js';
import { awsAccessKeyId, azureClientSecret, jwt, tokenDetectors } from './tokens.js';
import { urlCredentials } from './url.js';

export const DETECTORS: readonly Detector[] = [
  ...tokenDetectors,
  awsAccessKeyId,
  azureClientSecret,
  jwt,
  privateKey,
  httpAuth,
  urlCredentials,
  email,
  iban,
  ...nationalIds,
  phone,
  cardNumber,
];

export const RUN_DETECTORS: readonly RunDetector[] = [awsSecretAccessKey, awsSessionToken];
