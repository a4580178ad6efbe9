/** Secrets in columns of tables inside texts. */
import { describe, expect, test } from 'vitest';
import { createMasker, createMaskers } from '../../src/masking/mask.js';
import type { MaskRule } from '../../src/model/masking-settings.js';
import { PROFILE } from './samples.js';

const mask = createMasker(PROFILE);
const masked = (text: string): string =>
  JSON.parse(mask(Buffer.from(JSON.stringify({ text }))).bytes.toString('utf8')).text;
const KEY = '[redacted:key]';

describe('a column under a secret name is masked, and nothing else', () => {
  test.each<[string, string, string]>([
    ['CSV', 'user,password\nalice,swordfish\nbob,correct horse\n', `user,password\nalice,${KEY}\nbob,${KEY}\n`],
    ['the first column', 'api_key,user\nabc,alice\n', `api_key,user\n${KEY},alice\n`],
    ['quotes', 'id,"password",n\r\n1,"sw,or""d\nfish",2\r\n3,"x",4', `id,"password",n\r\n1,"${KEY}",2\r\n3,"${KEY}",4`],
    ['semicolons', 'user;client_secret\nalice;sword,fish\n', `user;client_secret\nalice;${KEY}\n`],
    ['tabs', 'user\tpassword\nalice\tswordfish', `user\tpassword\nalice\t${KEY}`],
    [
      'keys of AWS',
      'Access key ID,Secret access key\nid,swordfish',
      'Access key ID,Secret access key\nid,[redacted:aws-secret-access-key]',
    ],
    [
      'Markdown',
      'Users:\n\n| user | **password** |\n| --- | :---: |\n| alice | `swordfish` |\n\nThat is all, password, said\nand, so, on',
      `Users:\n\n| user | **password** |\n| --- | :---: |\n| alice | \`${KEY}\` |\n\nThat is all, password, said\nand, so, on`,
    ],
    [
      'Markdown without blanks',
      '|user|password|\n|---|---|\n|alice|swordfish|',
      `|user|password|\n|---|---|\n|alice|${KEY}|`,
    ],
    ['Markdown in bold', '|user|**password**|\n|-|-|\n|alice|swordfish|', `|user|**password**|\n|-|-|\n|alice|${KEY}|`],
    ['Markdown in quotes', '|user|"password"|\n|-|-|\n|alice|swordfish|', `|user|"password"|\n|-|-|\n|alice|${KEY}|`],
    [
      'Markdown with much room',
      `| user | password${' '.repeat(40)} |\n|---|---|\n| alice | swordfish |`,
      `| user | password${' '.repeat(40)} |\n|---|---|\n| alice | ${KEY} |`,
    ],
    ['much room', `user,password${' '.repeat(40)}\nalice,swordfish`, `user,password${' '.repeat(40)}\nalice,${KEY}`],
    ['a dot behind the name', 'user,password.\nalice,swordfish', `user,password.\nalice,${KEY}`],
    ['rows of another width end it', 'user,token\na,b\nc,d,e\nf,g\n', `user,token\na,${KEY}\nc,d,e\nf,g\n`],
    ['empty cells', 'user,token,x\na,,1\nb,null,2\nc,d,3', `user,token,x\na,,1\nb,null,2\nc,${KEY},3`],
  ])('%s', (_, text, expected) => {
    expect(masked(text)).toBe(expected);
    expect(masked(expected)).toBe(expected);
    // Beside a value that is found by itself.
    expect(masked(`${text}\n\nmail to a@mail.example`)).toBe(`${expected}\n\nmail to [redacted:email]`);
  });

  test('inside JSON inside JSON', () => {
    const inside = JSON.stringify({ csv: 'user,password\nalice,swordfish\n' });
    expect(masked(inside)).toBe(inside.replace('swordfish', KEY));
  });

  test('split over content items, anywhere', () => {
    const text = `user,password\n${'alice,hunter2\n'.repeat(40)}`;
    for (let at = 1; at < text.length; at += 7) {
      const content = [text.slice(0, at), text.slice(at)].map((part) => ({ type: 'text', text: part }));
      const { bytes } = mask(Buffer.from(JSON.stringify({ result: { content } })));
      expect(bytes.includes('hunter2'), String(at)).toBe(false);
    }
  });

  test('for the names of a rule too', () => {
    const rule: MaskRule = {
      id: 'pay',
      mode: 'drop',
      direction: null,
      servers: [],
      tools: [],
      groups: [],
      pointers: [],
      keys: ['salary'],
      detectors: [],
    };
    const maskers = createMaskers({ ...PROFILE, rules: [rule] }, { tokenOf: () => '0123456789abcdef' });
    const { bytes } = Object(
      maskers('hr', { direction: 'to_client', tool: null, groups: [], base: '' })(
        Buffer.from(JSON.stringify({ text: 'name,salary\nalice,90000\n' })),
      ),
    );
    expect(JSON.parse(bytes.toString('utf8')).text).toBe('name,salary\nalice,[dropped]\n');
  });
});

test.each([
  'name,size\nalice,4\n',
  'You need a user, a password, and a token\nas, well, as',
  'user,password',
  'password policies,secret santa\na,b',
  'call(user,password);\nother(a,b);',
  '| user | password |\nno rule | follows |',
])('is left: %j', (text) => {
  expect(masked(text)).toBe(text);
});

test('takes linear time', () => {
  const cost = (n: number): number => {
    const json = Buffer.from(JSON.stringify({ text: `user,password\n${'"a,\n'.repeat(n)}` }));
    const before = process.cpuUsage();
    mask(json);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  // The least of several: what collects garbage or compiles is in some of them, not in all.
  const least = (n: number): number => Math.min(...Array.from({ length: 5 }, () => cost(n)));
  cost(2_000);
  expect(least(32_000)).toBeLessThan(least(8_000) * 10 + 50_000);
});
