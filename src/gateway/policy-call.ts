/** What policy is asked of a message. */
import { inexactNumber, type JsonNode, type JsonValue, member, toValue } from '../base/json.js';
import type { Addressed } from '../model/call.js';
import type { PolicyCall } from '../model/decision.js';
import { targetOf } from './protocol/2025-11-25/message.js';

/** Whether two members of one object differ in case alone: a server that reads names so would take the other one. */
const hasTwins = (node: JsonNode): boolean => {
  if (node.kind === 'array') return node.items.some(hasTwins);
  if (node.kind !== 'object') return false;
  const names = new Set(node.members.map(({ key }) => key.value.normalize('NFKC').toLowerCase()));
  return names.size < node.members.length || node.members.some(({ value }) => hasTwins(value));
};

/** Read once, and only where a condition asks for it. */
const argumentsOf = (node: Addressed['message']['node']): (() => JsonValue) => {
  let value: JsonValue | undefined;
  return () => {
    if (value !== undefined) return value;
    const args = member(member(node, 'params'), 'arguments');
    if (args && inexactNumber(args)) throw new Error('a number in the arguments has no exact value');
    if (args && hasTwins(args)) throw new Error('two members of the arguments differ in case alone');
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
