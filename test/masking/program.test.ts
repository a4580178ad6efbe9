import { describe, expect, it } from 'vitest';
import { createMasker } from '../../src/masking/mask.js';

const keys = ['password', 'token', 'secret'];
const mask = createMasker({ name: 'default', detectors: ['secrets', 'personal'], keys });
const masked = (text: string): string => {
  const { bytes } = mask(Buffer.from(JSON.stringify({ text })));
  return bytes.toString('utf8');
};

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
  ])('is masked: %s', (text) => {
    const [, value = ''] = /(swordfish|hunter2|Tr0ub4dor|correct7horse)/.exec(text) ?? [];
    expect(masked(text)).not.toContain(value);
  });

  it.each([
    'this.token = tokens.next(request);',
    'const token = await getToken();',
    'type F = (token: AccessToken) => void;',
    'sessionToken: credentials.SessionToken,',
  ])('is left where it is one: %s', (text) => {
    expect(masked(text)).toContain(JSON.stringify(text).slice(1, -1));
  });
});
