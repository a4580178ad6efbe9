import { expect, test } from 'vitest';
import { createTextMasker } from '../../src/masking/mask.js';
import { rescan } from '../../src/masking/rescan.js';
import { PROFILE, SECRETS } from './samples.js';

const covered = SECRETS.filter(
  ([detector, secret]) =>
    ![
      'iban',
      'card-number',
      'aws-session-token',
      'google-oauth-secret',
      'azure-client-secret',
      'phone',
      'br-cpf',
      'it-codice-fiscale',
      'fr-nir',
    ].includes(detector) && !/rk_|jürgen/.test(secret),
);

test.each(covered)('%s is seen', (detector, secret) => {
  expect(rescan(`x ${secret} y`)).toContain(detector);
  expect(rescan(JSON.stringify({ text: JSON.stringify({ text: `x\n${secret}` }) }))).toContain(detector);
});

test('what is masked is not', () => {
  for (const [, secret] of SECRETS) {
    const { text } = createTextMasker(PROFILE)(`x ${secret} y`);
    expect(rescan(text)).toEqual([]);
  }
  expect(rescan('postgres://[redacted:url-credentials]@db.example.com [redacted:email]@example.com')).toEqual([]);
});

test('ordinary text has none', () => {
  for (const text of [
    'git@github.com:a/b',
    'name@1.2.3',
    'https://example.com:8080/a@b',
    'sk-learn-is-long-enough-to-look',
    '',
  ]) {
    expect(rescan(text)).toEqual([]);
  }
});

test('each kind once', () => {
  expect(rescan('a@b.example c@d.example')).toEqual(['email']);
});
