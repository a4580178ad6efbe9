/** What policy is asked of a message. */
import { inexactNumber, type JsonValue, member, toValue } from '../base/json.js';
import type { Addressed } from '../model/call.js';
import type { PolicyCall } from '../model/decision.js';
import { targetOf } from './protocol/2025-11-25/message.js';

/** Read once, and only where a condition asks for it. */
const argumentsOf = (node: Addressed['message']['node']): (() => JsonValue) => {
  let value: JsonValue | undefined;
  return () => {
    if (value !== undefined) return value;
    const args = member(member(node, 'params'), 'arguments');
    if (args && inexactNumber(args)) throw new Error('a number in the arguments has no exact value');
    value = args ? toValue(args) : {};
    return value;
  };
};

export const policyCall = ({ message, server }: Pick<Addressed, 'message' | 'server'>): PolicyCall => ({
  server: server.id,
  method: message.method ?? '',
  target: targetOf(message),
  args: argumentsOf(message.node),
});
