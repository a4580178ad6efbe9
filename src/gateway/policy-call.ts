/** What policy is asked of a message. */
import type { Clock } from '../base/clock.js';
import { foldName } from '../base/fold.js';
import { inexactNumber, type JsonNode, type JsonValue, member, toValue } from '../base/json.js';
import type { Addressed } from '../model/call.js';
import type { Decision, PolicyCall } from '../model/decision.js';
import type { Policy } from '../model/ports.js';
import { targetOf } from './protocol/2025-11-25/message.js';
import type { ToolDefinitions } from './tools.js';

export interface JudgeDeps {
  readonly policy: Pick<Policy, 'decide'>;
  readonly tools: Pick<ToolDefinitions, 'get'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Whether two members of one object differ in case alone: a server that reads names so would take the other one. */
const hasTwins = (node: JsonNode): boolean => {
  if (node.kind === 'array') return node.items.some(hasTwins);
  if (node.kind !== 'object') return false;
  const names = new Set(node.members.map(({ key }) => foldName(key.value)));
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

type Asked = Pick<Addressed, 'message' | 'server' | 'client'>;

/** @param facts what the message itself does not say */
export const policyCall = ({ message, server, client }: Asked, facts: Pick<PolicyCall, 'at' | 'tool'>): PolicyCall => ({
  server: server.id,
  method: message.method ?? '',
  target: targetOf(message),
  address: client.address,
  args: argumentsOf(message.node),
  ...facts,
});

/** Asks policy of a message, as things stand at this moment. */
export type Judge = (addressed: Asked & Pick<Addressed, 'principal'>) => Decision;

export const createJudge =
  ({ policy, tools, clock }: JudgeDeps): Judge =>
  (addressed) => {
    const { message, server, principal } = addressed;
    const name = message.method === 'tools/call' ? targetOf(message) : null;
    const tool = name === null ? null : (tools.get(server.id, name) ?? null);
    return policy.decide(principal, policyCall(addressed, { at: clock.now(), tool }));
  };
