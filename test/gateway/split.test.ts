import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/base/json.js';
import { createSplits } from '../../src/gateway/split.js';
import { createMasker } from '../../src/masking/mask.js';
import type { Answered } from '../../src/model/call.js';
import { PROFILE, SECRETS } from '../masking/samples.js';
import { httpServer } from './harness.js';

const mask = createMasker(PROFILE);
const secret = SECRETS.find(([detector]) => detector === 'github-token')?.[1] ?? '';
const [head, tail] = [`it is ${secret.slice(0, 14)}`, `${secret.slice(14)} .`];

const said = (content: object, session = '01JDXXXXXXXXXXXXXXXXXXXXXX'): Answered => {
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...content }));
  const kind = 'method' in content ? 'notification' : 'response';
  return {
    server: httpServer('files', 'http://files.test'),
    session,
    intended: null,
    message: { bytes, node: parseJson(bytes), kind, method: null, id: null },
    event: null,
    failure: null,
    deliverable: true,
  };
};
const log = (data: unknown, session?: string): Answered =>
  said({ method: 'notifications/message', params: { level: 'info', data } }, session);
const progress = (message: string): Answered => said({ method: 'notifications/progress', params: { message } });
const answer = (...texts: string[]): Answered =>
  said({ id: 1, result: { content: texts.map((text) => ({ type: 'text', text })) } });

const verdicts = async (messages: readonly Answered[]): Promise<readonly boolean[]> => {
  const splits = createSplits();
  const found: boolean[] = [];
  for (const message of messages) found.push(await splits.isSplit(message, mask));
  return found;
};

describe('a value split over two events of one stream', () => {
  test.each<[string, readonly Answered[]]>([
    ['two log lines', [log(head), log(tail)]],
    ['two progress texts', [progress(head), progress(tail)]],
    ['a log line and the answer', [log(head), answer(tail, 'x')]],
    ['a name and its value', [log('the password='), log('hunter2hunter2')]],
  ])('%s', async (_, messages) => {
    expect(await verdicts(messages)).toEqual([false, true]);
  });
});

describe('is no reason to keep back', () => {
  test.each<[string, readonly Answered[]]>([
    ['ordinary lines', [log('reading a.md'), log('reading b.md'), answer('done')]],
    ['a value that one line holds whole, and is masked there', [log(`x ${secret}`), log('and on'), answer('done')]],
    ['two streams', [log(head), log(tail, '01JDYYYYYYYYYYYYYYYYYYYYYY'), progress('x')]],
    ['data without text', [log({ a: head }), log([tail]), answer()]],
    ['a stream that has ended', [answer(head), log(tail), log('x')]],
  ])('%s', async (_, messages) => {
    expect(await verdicts(messages)).toEqual([false, false, false]);
  });
});
