/** Made-up secrets. They are put together here, so that no file holds one in a form that scanners report. */
import type { MaskingProfile } from '../../src/model/settings.js';

export const PROFILE: MaskingProfile = {
  name: 'default',
  detectors: ['secrets', 'personal'],
  keys: ['password', 'token', 'secret'],
};

const join = (...parts: readonly string[]): string => parts.join('');
const letters = 'R4nD0mChArAcTeRs8u1LtF0rTeSt5Only7XyZ2kQ9wEvB6hJ3';

export const PEM = [
  join('-----BEGIN RSA ', 'PRIVATE KEY-----'),
  'MIIEpAIBAAKCAQEA3mD9nCtq7P9mJ6kX2hUuY8rW4bQe1Zc5VfTgLsKoIiHjNpRx',
  'AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz0123456789+/',
  'a0b1c2d3e4f5==',
  join('-----END RSA ', 'PRIVATE KEY-----'),
].join('\n');

/** Detector and a secret that it finds anywhere, without words around it. */
export const SECRETS: readonly (readonly [detector: string, secret: string])[] = [
  ['aws-access-key-id', join('AK', 'IA', 'J7QX2M4NT5VWY3ZB')],
  ['aws-access-key-id', join('AS', 'IA', 'J7QX2M4NT5VWY3ZC')],
  ['aws-session-token', join('IQoJ', 'b3JpZ2luX2VjEJr', letters, letters, '/', letters)],
  ['github-token', join('gh', 'p_', letters.slice(0, 36))],
  ['github-token', join('gh', 's_', letters.slice(3, 39))],
  ['github-token', join('github', '_pat_', letters.slice(0, 22), '_', letters)],
  ['gitlab-token', join('gl', 'pat-', letters.slice(5, 25))],
  ['slack-token', join('xo', 'xb-', '123456789012-', letters.slice(0, 24))],
  ['api-key', join('sk', '-', letters)],
  ['api-key', join('sk', '-ant-api03-', letters, '-', letters.slice(0, 10))],
  ['google-api-key', join('AI', 'za', letters.slice(0, 35))],
  ['stripe-key', join('sk', '_live_', letters.slice(0, 24))],
  ['stripe-key', join('rk', '_live_', letters.slice(0, 24))],
  ['npm-token', join('np', 'm_', letters.slice(0, 36))],
  [
    'jwt',
    [
      Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url'),
      Buffer.from('{"sub":"1234567890","iat":1516239022}').toString('base64url'),
      letters.slice(0, 43),
    ].join('.'),
  ],
  ['private-key', PEM],
  ['email', 'alice.smith+tag@mail.example.com'],
  ['email', 'jürgen@müller.example'],
  ['iban', 'DE89370400440532013000'],
  ['iban', 'GB29 NWBK 6016 1331 9268 19'],
  ['card-number', '4111 1111 1111 1111'],
  ['card-number', '3782-822463-10005'],
];

/** A text in which only `secret` is to be masked. */
export const IN_CONTEXT: readonly (readonly [detector: string, secret: string, text: string])[] = [
  ...[join('wJalrXUtnFEMI/K7MDENG/', 'bPxRfiCYEXAMPLEKEY')].flatMap(
    (secret) =>
      [
        ['aws-secret-access-key', secret, `the secret for the account is ${secret} today`],
        ['aws-secret-access-key', secret, `aws_secret_access_key = ${secret}`],
        ['aws-secret-access-key', secret, `AWS_SECRET_ACCESS_KEY=${secret}`],
        ['aws-secret-access-key', secret, `{"SecretAccessKey":"${secret}"}`],
      ] as const,
  ),
  ['bearer-token', letters, `curl -H "X-Auth: Bearer ${letters}" https://example.com`],
  ['key', letters, `Authorization: Bearer ${letters}`],
  ['key', letters, `authorization: token ${letters}`],
  ['basic-credentials', 'YWxpY2U6aHVudGVyMg==', 'Use Basic YWxpY2U6aHVudGVyMg== for it'],
  ['url-credentials', 'alice:hunter2', 'postgres://alice:hunter2@db.example.com:5432/app'],
  ['url-credentials', 'alice:p@ss', 'clone https://alice:p@ss@example.com/x.git now'],
  ['card-number', '4111111111111111', 'paid with card 4111111111111111 yesterday'],
  ['key', 'hunter2', 'password=hunter2'],
  ['key', 'hunter2', 'https://example.com/login?user=alice&password=hunter2&next=1'],
  ['key', 'hunter2', 'Your new password: hunter2, keep it'],
  ['key', 'correct horse battery', 'user: alice\npassword: correct horse battery\nport: 5432'],
  ['key', 'correct horse battery', '  db_password: "correct horse battery"'],
  ['key', "it's", `{'userPassword': "it's"}`],
  ['key', 'hunter2', 'config["password"] = "hunter2";'],
  ['key', 'hunter2', 'export DB_PASSWORD=hunter2'],
  ['key', 'a&b c', 'PGPASSWORD=a&b c\nHOME=/root'],
  ['key', 'hunter2', '<user>alice</user><password>hunter2</password>'],
  ['key', 'hunter2', 'mysql --user alice --password hunter2 --host db'],
  ['key', 'sid=abc; theme=dark', 'Cookie: sid=abc; theme=dark\nHost: example.com'],
  ['key', 'line one\n  line two', 'secret: |\n  line one\n  line two\nnext: 1'],
  ['key', 'hunter2', 'result was {"access_token": "hunter2", "expires_in": 3600} at noon'],
  ['key', 'hunter2', 'api key: hunter2'],
  ['key', 'hu,nt;er&2', 'Server=db;Password=hu,nt;er&2;Database=x'],
  ['key', 'hunter2', 'password=hunter2,user=alice'],
  ['key', 'hunter2', 'user,""password"":""hunter2"",x'],
];

/** What rules hang on, to be put together at random. */
export const PIECES: readonly string[] = [
  'hunter2',
  '\t',
  'password',
  'token=',
  '"secret":',
  'api_key: ',
  '=',
  ':',
  '{',
  '}',
  '"',
  '\\"',
  "'",
  '\\',
  '\n',
  '\\n',
  ' ',
  'a@b.example',
  'Bearer ',
  '://',
  '@',
  '[redacted:key]',
  '[redacted:email]',
  '-----BEGIN RSA PRIVATE KEY-----',
  '-----END RSA PRIVATE KEY-----',
  '%40',
  '%22',
  '&quot;',
  '\\u0022',
  '|',
  '- ',
  '--token ',
  '<password>',
  '</password>',
  'x',
  '7',
  'Authorization: Basic ',
  'c2VjcmV0OiBodW50ZXIy',
  ',',
  '[',
  ']',
  '\u200b',
  'é',
];
