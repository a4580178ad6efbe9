import { describe, expect, test } from 'vitest';
import { checkConfiguration } from '../../../src/app/config.js';
import { GOOD } from './example.js';

/** The example without its own masking section, and with this one. */
const configured = (masking: string) =>
  checkConfiguration(
    `${GOOD.replace(/^masking:\n(?: .*\n)+/m, '').trimEnd()}\nmasking:\n${masking.replace(/^/gm, '  ')}\n`,
    'countersign.yaml',
  );

const problems = (masking: string): string => {
  const checked = configured(masking);
  return checked.ok ? '' : checked.problems.map(({ field, message }) => `${field}: ${message}`).join('\n');
};

const rule = (text: string): string => `profiles: { default: { rules: [ ${text} ] } }`;
const detector = (text: string): string =>
  `detectors: { x-employee: { pattern: 'EMP-[0-9]{6}', examples: { match: [EMP-004711], noMatch: [EMP-1] }, ${text} } }`;

test('rules, detectors and an analyzer reach the settings', () => {
  const checked = configured(
    [
      'sealTo: ./auditor.jwk',
      'detectors:',
      "  x-employee: { pattern: 'EMP-[0-9]{6}', keywords: [EMP-], examples: { match: [EMP-004711], noMatch: [EMP-1] } }",
      'profiles:',
      '  default:',
      '    allow: [changeme]',
      '    presidio: { url: http://127.0.0.1:3000 }',
      '    rules: [ { id: a, mode: partial, detectors: [x-employee, personal, x-person], servers: [fil*] } ]',
    ].join('\n'),
  );
  expect(checked).toMatchObject({ ok: true, settings: { sealTo: expect.stringMatching(/^\/.*auditor\.jwk$/) } });
  expect(checked.ok && checked.settings.masking[0]).toMatchObject({
    name: 'default',
    allow: ['changeme'],
    presidio: { entities: ['PERSON', 'LOCATION'], timeout: 2_000 },
    custom: [{ id: 'x-employee', kind: 'personal', keywords: ['EMP-'], validate: 'none' }],
    rules: [{ id: 'a', mode: 'partial', direction: null, servers: ['fil*'], tools: [], pointers: [] }],
  });
});

describe('is refused', () => {
  test.each<[string, string, RegExp]>([
    ['an unknown mode', rule('{ id: a, mode: hide }'), /rules\[0\]\.mode/],
    ['an unknown detector', rule('{ id: a, mode: drop, detectors: [emial] }'), /detectors\[0\]: names no detector/],
    ['a server that is none', rule('{ id: a, mode: drop, servers: [nope] }'), /servers\[0\]: matches no server/],
    ['a rule twice', rule('{ id: a, mode: drop }, { id: a, mode: drop }'), /used by another rule/],
    ['a pointer that is none', rule('{ id: a, mode: drop, pointers: [result.x] }'), /must be a JSON pointer/],
    ['a change on the way to a server', rule('{ id: a, mode: drop, direction: to_server }'), /must be block/],
    ['an id that could be built in', 'detectors: { employee: { pattern: x } }', /must be x-/],
    ['a pattern with a reference back', detector(String.raw`pattern: '(E)\1'`), /twice|linear time/],
    [
      'a pattern that is not linear',
      String.raw`detectors: { x-a: { pattern: '(a)\1', examples: { match: [aa], noMatch: [b] } } }`,
      /does not run in linear time/,
    ],
    [
      'an example that is not found',
      'detectors: { x-a: { pattern: "b+", examples: { match: [aa], noMatch: [c] } } }',
      /does not find its example 1/,
    ],
    ['a detector without examples', 'detectors: { x-a: { pattern: "b+" } }', /examples/],
    ['a keyword beyond ASCII', detector('keywords: [größe]'), /printable ASCII/],
    [
      'an analyzer across the network in clear',
      'profiles: { default: { presidio: { url: http://analyzer.example.com } } }',
      /must start with https/,
    ],
  ])('%s', (_, masking, problem) => {
    expect(problems(masking)).toMatch(problem);
  });
});
