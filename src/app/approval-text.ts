/** Approval requests as text for people. What agents and servers wrote is shown so that it cannot deceive. */
import type { ApprovalDetail, ApprovalView } from '../approval/channels/view.js';
import { jsonRows, printable, type Row } from '../base/json-rows.js';
import type { Terminal } from './terminal.js';

/** Cuts to a width, visibly. */
export const shorten = (text: string, width: number): string => {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
};

/** `45 s`, `12 min`, `2 h 5 min`, `3 d 4 h`; `ended` from the deadline on. */
export const timeLeft = (deadline: string, now: number): string => {
  const seconds = Math.ceil((Date.parse(deadline) - now) / 1000);
  if (seconds <= 0) return 'ended';
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

const MAX_LABEL = 24;
/** Lines shown of one value, and of all. What is left out is counted. */
const MAX_VALUE_LINES = 30;
const MAX_LINES = 200;

const wrap = (text: string, width: number): string[] => {
  const characters = Array.from(text);
  const lines: string[] = [];
  for (let i = 0; i < characters.length; i += width) lines.push(characters.slice(i, i + width).join(''));
  return lines.length === 0 ? [''] : lines;
};

/** Continuation lines stand below the value, never below the label: a value cannot look like another field. */
const rowLines = ({ label, value }: Row, labels: number, width: number): string[] => {
  const room = Math.max(20, width - labels - 4);
  const lines = value.split('\n').flatMap((line) => wrap(printable(line), room));
  const shown = lines.slice(0, MAX_VALUE_LINES);
  if (shown.length < lines.length) shown.push(`… ${lines.length - shown.length} more lines; --json shows all`);
  const indent = ' '.repeat(labels + 4);
  const name = printable(label);
  const [first = '', ...rest] = shown;
  if (name.length > labels) return [`  ${name}`, ...shown.map((line) => `${indent}${line}`)];
  return [`  ${name.padEnd(labels)}  ${first}`, ...rest.map((line) => `${indent}${line}`)];
};

const block = (rows: readonly Row[], width: number): string[] => {
  const labels = Math.min(MAX_LABEL, Math.max(...rows.map(({ label }) => printable(label).length)));
  const lines = rows.flatMap((row) => rowLines(row, labels, width));
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `  … ${lines.length - MAX_LINES} more lines; --json shows all`];
};

const argumentLines = (json: string, width: number): string[] => block(jsonRows(json), width);

const STATE: Readonly<Record<ApprovalView['state'], string>> = {
  pending: 'waits',
  granted: 'approved, not yet used',
  consumed: 'approved and used',
  denied: 'denied',
  expired: 'ended unused',
  cancelled: 'cancelled',
  revoked: 'revoked',
};

/** The state in words. */
export const stateText = ({ state, deadline, approved, needed }: ApprovalView, now: number): string => {
  if (state !== 'pending') return STATE[state];
  return Date.parse(deadline) <= now ? 'ended' : `waits, ${approved} of ${needed} approved`;
};

/** `write_file on files`. */
export const targetText = ({ tool, server }: ApprovalView): string => `${printable(tool)} on ${printable(server)}`;

const utc = (time: string): string => `${time.slice(0, 19).replace('T', ' ')} UTC`;

const decisionRow = ({ name, verdict, reason, at }: ApprovalView['decisions'][number]): Row => ({
  label: verdict === 'approve' ? 'Approved' : 'Denied',
  value: `by ${printable(name)}, ${utc(at)}${reason === null ? '' : `: ${reason}`}`,
});

const nextStep = (approval: ApprovalView, now: number): string => {
  if (approval.state === 'granted') return `To take it back: countersign approvals revoke ${approval.id}`;
  if (approval.state !== 'pending' || Date.parse(approval.deadline) <= now) return 'Nothing is left to decide.';
  if (approval.own) return 'This is your own request; another person must decide it.';
  if (approval.passkey) return 'This request can be approved with a passkey only; it can be denied here.';
  const flag = approval.requireReason ? ' --reason TEXT' : '';
  return `countersign approvals approve ${approval.id}${flag}`;
};

const whatRuns = ({ window }: ApprovalView): string =>
  window
    ? `Up to ${window.of} calls of ${window.tools.map(printable).join(', ')}, ${window.uses} so far; the first of them:`
    : 'Exactly this will run, once (secrets are masked)';

/** One request with its masked arguments, within the width of the terminal. */
export const approvalLines = (approval: ApprovalDetail, terminal: Terminal, now: number): string[] => {
  const { width } = terminal;
  const who = printable(approval.requester);
  const facts: Row[] = [
    { label: 'State', value: stateText(approval, now) },
    ...(approval.state === 'pending' ? [{ label: 'Time left', value: timeLeft(approval.deadline, now) }] : []),
    { label: 'Asked', value: utc(approval.requestedAt) },
    ...(approval.requestReason === null ? [] : [{ label: 'Reason given', value: approval.requestReason }]),
    {
      label: 'Reviewers',
      value: `${approval.needed} of ${approval.reviewers.join(', ')}${approval.everyGroup ? ', one for each group' : ''}`,
    },
    { label: 'Rule', value: `${approval.rule}, policy ${approval.policy.slice(0, 12)}` },
    { label: 'Session', value: approval.session },
    { label: 'Id', value: approval.id },
    ...approval.decisions.map(decisionRow),
  ];
  const title = wrap(`${who} asks to run ${targetText(approval)}`, width);
  return [
    ...title.map((line) => terminal.paint('bold', line)),
    '',
    terminal.paint('dim', whatRuns(approval)),
    ...argumentLines(approval.arguments, width),
    '',
    ...block(facts, width),
    '',
    nextStep(approval, now),
  ];
};

/** What a decision led to, in one sentence. */
export const decidedText = (approval: ApprovalView): string => {
  const what = `${printable(approval.requester)}'s call of ${targetText(approval)}`;
  if (approval.state === 'denied') return `Denied: ${what} will not run.`;
  if (approval.state === 'revoked') return `Revoked: ${what} may not run any more.`;
  if (approval.state === 'cancelled') return `Withdrawn: ${what} will not run.`;
  if (approval.state === 'granted' && approval.window) {
    const { of, tools } = approval.window;
    const names = tools.map(printable).join(', ');
    return `Approved: ${printable(approval.requester)} may run ${names} up to ${of} times until ${utc(approval.deadline)}.`;
  }
  if (approval.state === 'granted') {
    return `Approved: ${what} may run once, with exactly these arguments, until ${utc(approval.deadline)}.`;
  }
  const missing = approval.needed - approval.approved;
  if (approval.state === 'pending') {
    return `Recorded: ${what} waits for ${missing} more ${missing === 1 ? 'person' : 'people'}.`;
  }
  return `Recorded, but too late: ${what} is ${STATE[approval.state]}.`;
};
