/** The sentences of decisions. Names come from tokens and clients: only plain, short ones are repeated. */
import type { PolicyCall, PolicyUse } from '../model/decision.js';
import type { Principal } from '../model/principal.js';

/** Groups named in one sentence; the rest is counted. */
const NAMED_GROUPS = 5;
const PLAIN_NAME = /^[\w.:/$-]{1,128}$/;
const PLAIN_GROUP = /^[\w.:/@+ -]{1,64}$/;

const describe = ({ groups }: Principal): string => {
  const plain = groups.filter((group) => PLAIN_GROUP.test(group)).slice(0, NAMED_GROUPS);
  const more = groups.length - plain.length;
  if (groups.length === 0) return 'a principal without groups';
  if (plain.length === 0) return `a principal of ${groups.length} groups`;
  return `group${groups.length === 1 ? '' : 's'} ${plain.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

const described = new WeakMap<Principal, string>();

/** The principal of a token is one object for as long as the token is remembered: it is described once. */
const who = (principal: Principal): string => {
  const known = described.get(principal);
  if (known !== undefined) return known;
  const words = describe(principal);
  described.set(principal, words);
  return words;
};

/** What the call does, such as `call write_file on files`. Resource addresses can hold secrets and stay out. */
const what = ({ server, method, target }: PolicyCall): string => {
  const place = PLAIN_NAME.test(server) ? server : 'that server';
  if (method === 'tools/call') {
    return `call ${target !== null && PLAIN_NAME.test(target) ? target : 'that tool'} on ${place}`;
  }
  return `use ${PLAIN_NAME.test(method) ? method : 'that method'} on ${place}`;
};

export const noRule = (principal: Principal, call: PolicyCall): string =>
  `No rule lets ${who(principal)} ${what(call)}.`;

export const unknownServer = (call: PolicyCall): string =>
  PLAIN_NAME.test(call.server) ? `There is no server ${call.server}.` : 'There is no such server.';

export const noTool = (call: PolicyCall): string => `A call on ${call.server} that names no tool is not let through.`;

export const allowed = (rule: string, principal: Principal, call: PolicyCall): string =>
  `Rule ${rule} lets ${who(principal)} ${what(call)}.`;

export const denied = (rule: string, principal: Principal, call: PolicyCall): string =>
  `Rule ${rule} does not let ${who(principal)} ${what(call)}.`;

export const needsApproval = (rule: string, approval: string, principal: Principal, call: PolicyCall): string =>
  `Rule ${rule} lets ${who(principal)} ${what(call)} once another person approves (${approval}).`;

export const unknownApproval = (rule: string): string =>
  `Rule ${rule} asks for an approval that is not configured, so nobody could give it.`;

const PIN_WORDS = {
  changed: 'is not the one that was pinned',
  unpinned: 'was never pinned',
  unlisted: 'is not known yet: list the tools of the server first',
  pinned: 'is pinned',
} as const;

export const notPinned = ({ server, target }: PolicyUse, state: keyof typeof PIN_WORDS): string =>
  `The definition of ${target !== null && PLAIN_NAME.test(target) ? target : 'that tool'} on ${server} ${PIN_WORDS[state]}.`;

export const unjudged = (rule: string, call: PolicyCall): string =>
  `The condition of rule ${rule} could not be judged where somebody wants to ${what(call)}: a value it reads is missing or of another kind.`;
