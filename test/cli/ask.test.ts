import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { askAll } from '../../src/cli/ask.js';

const QUESTIONS = [
  { text: 'Who?', fallback: 'somebody' },
  { text: 'Where?', fallback: '' },
  { text: 'When?', fallback: 'now' },
];

it.each([
  ['Ada\n here \n\n', ['Ada', 'here', 'now']],
  ['', ['somebody', '', 'now']],
  ['Ada', ['Ada', '', 'now']],
  ['Ada\r\n\r\nlater\r\nmore\r\n', ['Ada', '', 'later']],
])('the lines %j answer one question each; what is missing is the fallback', async (typed, answers) => {
  const output = new PassThrough();
  expect(await askAll(QUESTIONS, new PassThrough().end(typed), output)).toEqual(answers);
  expect(String(output.read())).toBe('Who? [somebody] Where? When? [now] ');
});
