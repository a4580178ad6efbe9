import { describe, expect, test } from 'vitest';
import { createMasker, createTextMasker } from '../../src/masking/mask.js';
import { IN_CONTEXT, PEM, PROFILE, SECRETS } from './samples.js';

const mask = createMasker(PROFILE);
const maskText = createTextMasker(PROFILE);
const maskJson = (value: unknown): unknown => JSON.parse(mask(Buffer.from(JSON.stringify(value))).bytes.toString());
const raw = (json: string): string => mask(Buffer.from(json)).bytes.toString();

describe.each(SECRETS)('%s %s', (detector, secret) => {
  const masked = `[redacted:${detector}]`;

  test.each([
    ['alone', secret, masked],
    ['in prose', `Use ${secret} for it.`, `Use ${masked} for it.`],
    ['in quotes', `"${secret}"`, `"${masked}"`],
    ['after a line break', `first\n${secret}\nlast`, `first\n${masked}\nlast`],
  ])('%s', (_, text, expected) => {
    expect(maskText(text)).toEqual({ text: expected, redactions: [{ detector, pointer: '', length: secret.length }] });
    const { bytes, redactions } = mask(Buffer.from(JSON.stringify({ a: [1, text] })));
    expect(JSON.parse(bytes.toString())).toEqual({ a: [1, expected] });
    expect(redactions).toEqual([{ detector, pointer: '/a/1', length: secret.length }]);
  });

  test('in JSON inside JSON inside JSON', () => {
    const wrap = (text: string): string => JSON.stringify({ note: JSON.stringify({ note: `x\n${text} y` }) });
    expect(maskJson({ text: wrap(secret) })).toEqual({ text: wrap(masked) });
  });

  test('in JSON inside a text', () => {
    const wrap = (text: string): string => `log: ${JSON.stringify(JSON.stringify([`x\n${text}`]))} end`;
    const found = maskText(wrap(secret));
    expect(found.redactions).toHaveLength(1);
    expect(found.text).toBe(wrap(masked));
  });

  test('in base64', () => {
    const encoded = Buffer.from(`see ${secret} there`).toString('base64');
    expect(maskText(`data ${encoded} end`).text).toBe(`data ${masked} end`);
    expect(maskText(`path/${encoded}/end`).text).not.toContain(encoded.slice(4, -4));
  });

  test('percent-encoded', () => {
    const encoded = encodeURIComponent(secret);
    const { text } = maskText(`https://example.com/?q=${encoded}`);
    expect(text).toContain(masked);
    expect(text).not.toContain(encoded);
  });

  test('with JSON escapes', () => {
    const escaped = Array.from(secret, (c) =>
      c.length > 1 ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    expect(raw(`{"a":"x ${escaped.join('')} y"}`)).toBe(`{"a":"x ${masked} y"}`);
  });

  test('with zero-width characters in it', () => {
    expect(maskText(`x ${secret.slice(0, 5)}\u200b${secret.slice(5)} y`).text).toBe(`x ${masked} y`);
  });

  test('in full-width characters', () => {
    const wide = secret.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
    expect(maskText(`x ${wide} y`).text).toBe(`x ${masked} y`);
  });

  test('as a member name', () => {
    const { bytes, redactions } = mask(Buffer.from(JSON.stringify({ [secret]: null })));
    expect(JSON.parse(bytes.toString())).toEqual({ [masked]: null });
    expect(redactions[0]?.pointer).toBe(`/${masked}`);
  });

  test('split over two content items', () => {
    const half = Math.floor(secret.length / 2);
    const items = [
      { type: 'text', text: `here: ${secret.slice(0, half)}` },
      { type: 'text', text: `${secret.slice(half)} there` },
    ];
    const text = JSON.stringify(maskJson({ result: { content: items } }));
    for (const part of [secret.slice(0, half), secret.slice(half)]) {
      expect(text).not.toContain(JSON.stringify(part).slice(1, -1));
    }
    expect(text).toContain('here: ');
    expect(text).toContain(' there');
  });

  test.each([
    ['te\\u0078t', 'te\\u0078t'],
    ['text', '\\u0074ext'],
    ['tex\\u0074', 'text'],
    ['\\u0074\\u0065\\u0078\\u0074', 'text'],
  ])('split over two content items whose names are written %s and %s', (one, other) => {
    const half = Math.floor(secret.length / 2);
    const [first, second] = [secret.slice(0, half), secret.slice(half)].map((part) => JSON.stringify(part));
    const { bytes } = mask(
      Buffer.from(`{"content":[{"type":"text","${one}":${first}},{"type":"text","${other}" :${second}}]}`),
    );
    for (const part of [first, second]) expect(bytes.toString()).not.toContain(part);
  });
});

test.each(IN_CONTEXT)('%s: %s in %s', (detector, secret, text) => {
  const expected = text.replace(secret, `[redacted:${detector}]`);
  expect(maskText(text).text).toBe(expected);
  expect(maskJson({ content: [{ type: 'text', text }] })).toEqual({ content: [{ type: 'text', text: expected }] });
  if (!text.startsWith('{'))
    expect(maskJson({ t: JSON.stringify({ text }) })).toEqual({ t: JSON.stringify({ text: expected }) });
});

test('a truncated private key is masked to the end of its text, and from its start to an END', () => {
  const cut = PEM.slice(0, 120);
  expect(maskText(`key:\n${cut}`).text).toBe('key:\n[redacted:private-key]');
  expect(maskText(`${PEM.slice(40)} tail`).text).toBe('[redacted:private-key] tail');
});

describe('members with secret names', () => {
  test.each([
    'password',
    'PASSWORD',
    'pass_word',
    'Pass-Word',
    'user password',
    'userPassword',
    'db_password',
    'clientSecret',
    'accessToken',
    'access_token',
    'x-api-key',
    'PGPASSWORD',
    'password1',
    'AWS_SESSION_TOKEN',
    'ｐassword',
    'auth.token',
  ])('%s', (name) => {
    expect(maskJson({ [name]: 'hunter2' })).toEqual({ [name]: '[redacted:key]' });
    expect(raw(`{"${name}" : "hunter2"}`)).toBe(`{"${name}" : "[redacted:key]"}`);
  });

  test.each([
    'tokens_used',
    'maxTokens',
    'keyboard',
    'nextToken',
    'progressToken',
    'tokenizer',
    'secretary',
    'betoken',
  ])('%s is none', (name) => {
    const json = Buffer.from(JSON.stringify({ [name]: 'hunter2' }));
    expect(mask(json).bytes).toBe(json);
  });

  test('keep the types and the structure below them', () => {
    expect(maskJson({ secret: { a: 'x', b: [1.5, true, null, ''], c: {} } })).toEqual({
      secret: { a: '[redacted:key]', b: [0, false, null, ''], c: {} },
    });
    expect(raw('{"token":123456789012345678901234567890}')).toBe('{"token":0}');
  });

  test('hold in escapes of the name', () => {
    expect(raw('{"pass\\u0077ord":"hunter2"}')).toBe('{"pass\\u0077ord":"[redacted:key]"}');
  });

  test('hold in lists of names and values', () => {
    expect(
      maskJson({
        environment: [
          { name: 'DB_PASSWORD', value: 'hunter2' },
          { name: 'HOME', value: '/' },
        ],
      }),
    ).toEqual({
      environment: [
        { name: 'DB_PASSWORD', value: '[redacted:key]' },
        { name: 'HOME', value: '/' },
      ],
    });
  });

  test('leave the schema of a tool valid, and mask the values it names', () => {
    const schema = (value: string): unknown => ({
      tools: [
        {
          name: 'login',
          inputSchema: {
            type: 'object',
            required: ['password'],
            properties: {
              password: { type: 'string', description: 'of the user', default: value },
              user: { type: 'string' },
            },
          },
        },
      ],
    });
    expect(maskJson(schema('hunter2'))).toEqual(schema('[redacted:key]'));
  });

  test('mask structures inside texts', () => {
    expect(maskText('got {"secret": {"a": ["x}", 1]}, "n": 1').text).toBe('got {"secret": "[redacted:key]", "n": 1');
    expect(maskText('got {"token": 12345, "n": 1').text).toBe('got {"token": 0, "n": 1');
    expect(maskText('{\\"token\\": [1], \\"n\\": 1').text).toBe('{\\"token\\": \\"[redacted:key]\\", \\"n\\": 1');
  });
});

test('what is no secret stays, and the very same buffer comes back', () => {
  const texts = [
    'token: null',
    'password: ${DB_PASSWORD}',
    'const token = getToken(request);',
    'token: string;',
    'if (token == other) {',
    'password=****',
    '{{token}} password: <password>',
    'git@github.com:org/repo.git',
    'icon@2x.png',
    'pkg@1.2.3-rc.x',
    'npm i typescript@5.4.0',
    'name@1.2.3',
    '@scope/pkg',
    'user@localhost',
    'https://example.com/a:b@c',
    'sk-learn-is-a-long-name',
    'risk-management-of-the-whole-thing-2024',
    'bearer authentication',
    'basic understanding',
    'eyJhbGci...',
    '4111111111111111',
    '1234 5678 9012 3456',
    'DE89370400440532013001',
    '-----BEGIN CERTIFICATE-----\nMIIB',
    'npm_config_user_agent',
    'https://docs.example.com/src/Components/Header/NavigationBar.tsx',
    'max_tokens: 4096',
    'the keyboard: a tool',
    'arn:aws:iam::111122223333:role/Admin',
    'AIDAJ7QX2M4NT5VWY3ZB',
    'sha512-Zm9vYmFy/bm90IGEgc2VjcmV0+b2J2aW91cyBkaWdlc3Q=',
  ];
  for (const text of texts) {
    const json = Buffer.from(JSON.stringify({ text }));
    expect(mask(json).bytes, text).toBe(json);
  }
});

test('the bytes outside a mask stay as they were', () => {
  const json = '{ "n":1.0, "big":12345678901234567890,\t"e":"\\u00e9\\/é😀", "m":"a@b.example \\u00e9\\/😀" }';
  expect(raw(json)).toBe(
    '{ "n":1.0, "big":12345678901234567890,\t"e":"\\u00e9\\/é😀", "m":"[redacted:email] \\u00e9\\/😀" }',
  );
});

test('names that become equal are numbered', () => {
  expect(maskJson({ 'a@x.example': 1, 'b@x.example': 2, '[redacted:email]#3': 0, 'c@x.example': 3 })).toEqual({
    '[redacted:email]': 1,
    '[redacted:email]#2': 2,
    '[redacted:email]#3': 0,
    '[redacted:email]#4': 3,
  });
});

describe('resources', () => {
  const blob = (text: string): string => Buffer.from(text).toString('base64');
  test('base64 of text is masked inside', () => {
    const contents = (text: string): unknown => ({
      contents: [{ uri: 'file:///a', mimeType: 'text/plain', blob: blob(text) }],
    });
    expect(maskJson(contents('user a@b.example\npassword: hunter2'))).toEqual(
      contents('user [redacted:email]\npassword: [redacted:key]'),
    );
    expect(maskJson(contents('{"password":"hunter2","n":1}'))).toEqual(contents('{"password":"[redacted:key]","n":1}'));
  });
  test('binary data with a secret is replaced whole, still base64', () => {
    const key = SECRETS[0]?.[1] ?? '';
    const data = Buffer.concat([
      Buffer.from([0x89, 0x50, 0xff, 0xfe]),
      Buffer.from(key, 'utf16le'),
      Buffer.from([0xff, 1, 2]),
    ]);
    expect(maskJson({ data: data.toString('base64') })).toEqual({ data: blob('[redacted:aws-access-key-id]') });
  });
  test('base64 that is wrapped over lines is one value', () => {
    const text = `${'x'.repeat(50)} ${SECRETS[3]?.[1]} ${'y'.repeat(50)}`;
    const wrapped = blob(text).replace(/(.{76})/g, '$1\n');
    expect(maskText(`-- ${wrapped} --`).text).toBe('-- [redacted:github-token] --');
  });
});

test('terminal colours do not hide a token', () => {
  const token = SECRETS[3]?.[1] ?? '';
  expect(maskText(`\u001b[1;32m${token}\u001b[0m`).text).toBe('\u001b[1;32m[redacted:github-token]\u001b[0m');
  const mail = JSON.stringify({ text: `\u001b[32ma@b.example\u001b[0m` });
  expect(raw(mail)).toBe(JSON.stringify({ text: `\u001b[32m[redacted:email]\u001b[0m` }));
});

test('images are left alone', () => {
  const noise = Buffer.alloc(300_000);
  for (let i = 0, x = 12345; i < noise.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    noise[i] = x >>> 24;
  }
  for (const [data, prefix] of [
    [noise.toString('base64'), 'AIza'],
    [noise.toString('base64url'), 'ghp_'],
  ] as const) {
    const json = Buffer.from(
      JSON.stringify({ content: [{ type: 'image', data: `${data.slice(0, 1001)}${prefix}${data.slice(1005)}` }] }),
    );
    expect(mask(json).bytes).toBe(json);
  }
});

test('an answer keeps its id, a request from a server does not', () => {
  expect(maskJson({ jsonrpc: '2.0', id: 'a@b.example', result: {} })).toEqual({
    jsonrpc: '2.0',
    id: 'a@b.example',
    result: {},
  });
  expect(maskJson({ jsonrpc: '2.0', id: 'a@b.example', method: 'ping' })).toEqual({
    jsonrpc: '2.0',
    id: '[redacted:email]',
    method: 'ping',
  });
});

test('encodings of encodings are read', () => {
  const secret = SECRETS[0]?.[1] ?? '';
  const twice = Buffer.from(Buffer.from(`x ${secret}`).toString('base64')).toString('base64');
  expect(maskText(`x ${twice} y`).text).toBe('x [redacted:aws-access-key-id] y');
  expect(maskText(`see path/${Buffer.from('a@b.example').toString('base64')} now`).text).toBe(
    'see [redacted:email] now',
  );
  expect(maskText('mail a%2540b.example now').text).toBe('mail [redacted:email] now');
  expect(maskText('mail a&#64;b.example or a&commat;b.example now').text).toBe(
    'mail [redacted:email] or [redacted:email] now',
  );
});

test('a profile without groups masks by its own names alone', () => {
  const own = createMasker({ name: 'own', detectors: [], keys: ['größe', 'pin'] });
  expect(own(Buffer.from('{"Größe":"1","userPIN":"2","spin":"3","m":"a@b.example"}')).bytes.toString()).toBe(
    '{"Größe":"[redacted:key]","userPIN":"[redacted:key]","spin":"3","m":"a@b.example"}',
  );
});

test.each([
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['UTF-16', Buffer.from('{"password":"x"}', 'utf16le')],
  ['a duplicate name', Buffer.from('{"password":"x","password":"y"}')],
  ['a broken document', Buffer.from('{"password":"x"')],
  ['two documents', Buffer.from('{"password":"x"}{"a":1}')],
])('%s is refused', (_, json) => {
  expect(() => mask(json)).toThrow(expect.objectContaining({ code: 'MASKING_FAILED' }));
  expect(() => mask(json)).not.toThrow(/hunter|"x"/);
});

test.each(['\\password', 'db\\password', '/password', 'app\\nested\\password'])(
  'a listed pair with an escape in its name: %s',
  (name) => {
    expect(maskJson({ name, value: 'hunter2x9' })).toEqual({ name, value: '[redacted:key]' });
    expect(maskJson({ text: JSON.stringify({ name, value: 'hunter2x9' }) })).not.toEqual({
      text: JSON.stringify({ name, value: 'hunter2x9' }),
    });
  },
);
