/** What a call is judged by is what its server reads. */
import { expect, test } from 'vitest';
import { readMessage, targetOf } from '../../../src/gateway/protocol/2025-11-25/message.js';
import { rpc } from '../raw.js';

test.each([
  ['tools/call', { name: 'echo', uri: 'file:///x' }, 'echo'],
  ['tools/call', { uri: 'file:///x' }, null],
  ['prompts/get', { uri: 'file:///x', name: 'greet' }, 'greet'],
  ['resources/read', { name: 'harmless', uri: 'file:///secret' }, 'file:///secret'],
  ['resources/subscribe', { name: 'harmless', uri: 'file:///secret' }, 'file:///secret'],
  ['resources/read', { name: 'harmless' }, null],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'greet' } }, 'greet'],
  ['tools/list', {}, null],
])('%s %j is aimed at %j', (method, params, target) => {
  expect(targetOf(readMessage(Buffer.from(rpc(1, method, params))))).toBe(target);
});
