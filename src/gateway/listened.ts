/** What policy says of a request to listen for changes: it must let each of the resources be listened for. */
import { at, stringOf } from '../base/json.js';
import type { Addressed } from '../model/call.js';
import type { Decision } from '../model/decision.js';
import type { Judge } from './policy-call.js';
import { readMessage } from './protocol/2025-11-25/message.js';

const subscribe = (uri: string): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'resources/subscribe', params: { uri } }));

/** The first decision that is no permission, for `subscriptions/listen`; undefined where there is none. */
export const refusedResource = (judge: Judge, addressed: Addressed): Decision | undefined => {
  if (addressed.era !== 'modern' || addressed.message.method !== 'subscriptions/listen') return undefined;
  const uris = at(addressed.message.node, 'params', 'notifications', 'resourceSubscriptions');
  for (const item of uris?.kind === 'array' ? uris.items : []) {
    const decision = judge({ ...addressed, message: readMessage(subscribe(stringOf(item) ?? '')) });
    // Nobody can be asked about a stream.
    if (decision.effect !== 'allow') return { ...decision, effect: 'deny' };
  }
  return undefined;
};
