import { describe, expect, it } from 'vitest';
import { createMasker } from '../../src/masking/mask.js';

const keys = ['password', 'token', 'secret'];
const mask = createMasker({ name: 'default', detectors: ['secrets', 'personal'], keys });
const masked = (text: string): string => {
  const { bytes } = mask(Buffer.from(JSON.stringify({ text })));
  return bytes.toString('utf8');
};
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

describe('a value behind a secret name that could be read as a program', () => {
  it.each([
    'password = swordfish;',
    'password = swordfish',
    'password: hunter2',
    'login failed (password: swordfish): try again',
    '"password": swordfish;',
    'password = Tr0ub4dor(3)',
    'password: correct7horse[2]',
    'let password = hunter2',
    'password: swordfish, user: alice',
    '{ user: alice, password: swordfish }',
    'password: the swordfish',
    'const password = "swordfish";',
    'password = 123;',
  ])('is masked: %s', (text) => {
    const [, value = ''] = /(swordfish|hunter2|Tr0ub4dor|correct7horse|123)/.exec(text) ?? [];
    expect(masked(text)).not.toContain(value);
  });

  it.each([
    'this.token = tokens.next(request);',
    'const token = await getToken();',
    'type F = (token: AccessToken) => void;',
    'sessionToken: credentials.SessionToken,',
    '//   SharedSecret: new Uint8Array(),',
    'OpenBraceToken = 18,',
    'deleteOrgSecret: ["DELETE /orgs/{org}/secrets/{name}"],',
    'permissions:\n  id-token: write\n  contents: read',
    'replace(token, "client_secret=[REDACTED]")',
  ])('is left where it is one: %s', (text) => {
    expect(masked(text)).toContain(inJson(text));
  });
});

/** What makes a text the source of a program, before the line in question and after it. */
const SOURCES: readonly (readonly [name: string, before: string, after: string])[] = [
  [
    'TypeScript',
    "import { sign } from './sign.js';\n\nexport const run = (input: Input): string => {\n  const a = input.a;\n",
    '\n  return sign(a);\n};\n',
  ],
  [
    'Python',
    'import os\n\ndef run(a):\n    return a.b()\n\nclass Client(Base):\n    def close(self):\n',
    '\n        return None\ndef end():\n',
  ],
  ['declarations', 'export declare class A {\n  readonly a: string;\n  private b;\n}\nexport interface C {\n', '\n}\n'],
];

describe.each(SOURCES)('in the source of a program, %s,', (_, before, after) => {
  const at = (line: string): string => `${before}    ${line}${after}`;
  it.each([
    'privateKey: CryptoKey;',
    'function f(password: KDFInput, salt: KDFInput): void;',
    'this.secret = secret;',
    'refresh_token: refreshToken,',
    'token = reserved;',
    'token: accessToken',
    'const token = (await request({ a: 1 })).token;',
    'getSendToken: () => Promise<void>,',
    'secret = 16,',
    'lastToken = ["word", css.slice(1), position];',
    'passphrase = passphrase || "";',
    'password: z.ZodOptional<z.ZodString>;',
  ])('an expression is no secret: %s', (line) => {
    expect(masked(at(line))).toContain(inJson(line));
  });

  it.each([
    'const password = "swordfish";',
    "password: 'swordfish',",
    'password = `swordfish`',
    'passwords = ["swordfish", "hunter2"]',
    '// the password: swordfish, for now',
    '# password: swordfish;',
    ' * password: swordfish, as agreed',
    'call(); // password: swordfish;',
    'log("password: swordfish, thanks");',
    "connect('Server=db;Password=swordfish;Database=x');",
    'const yaml = `\npassword: swordfish\nuser: alice\n`;',
    '"password": "swordfish",',
    '{"passwords": {"alice": "swordfish"}}',
    'PASSWORD=swordfish',
    'headers: { Authorization: "Bearer swordfish" }',
  ])('a literal, a comment or an embedded text is: %s', (line) => {
    expect(masked(at(line))).not.toContain('swordfish');
  });
});

it('a line of a bundle is read as a program too, and its literals are masked', () => {
  const filler = 'function a(b,c){return b.d(c)}var e=(f,g)=>f(g);'.repeat(40);
  const code = `${filler}a({token:function(e,t){return e},accessToken:e.authToken,secret:t},!0);${filler}`;
  expect(masked(code)).toContain(inJson(code));
  expect(masked(code.replace('secret:t', 'secret:"swordfish"'))).not.toContain('swordfish');
  expect(masked(code.replace('secret:t', 'secret:swordfish'))).not.toContain('swordfish');
});
