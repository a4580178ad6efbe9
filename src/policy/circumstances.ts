/** When, from where and of what kind a call is: the conditions of a rule that need no expression. */

import { BlockList, isIP } from 'node:net';
import type { PolicyCall } from '../model/decision.js';
import type { PolicyHours, PolicyRule, Weekday } from '../model/policy-settings.js';
import { type ToolHints, UNSAID_HINTS } from '../model/tool.js';

const WEEK: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY = 1_440;

/** Day of the week, counted from Sunday, and minute of the day on the wall of a time zone. */
const wallClock = (timezone: string): ((at: number) => { readonly day: number; readonly minute: number }) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const day = WEEK.findIndex((name) => name === parts.get('weekday')?.toLowerCase());
    return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
  };
};

/** Whether a moment lies in these hours. A span over midnight belongs to the day it begins on. */
export const compileHours = ({ days, from, to, timezone }: PolicyHours): ((at: number) => boolean) => {
  const clock = wallClock(timezone);
  const on = new Set(days.map((day) => WEEK.indexOf(day)));
  const length = to > from ? to - from : to - from + DAY;
  return (at) => {
    const { day, minute } = clock(at);
    const begunToday = on.has(day) && minute >= from && minute - from < length;
    const begunYesterday = on.has((day + 6) % 7) && minute + DAY - from < length;
    return begunToday || begunYesterday;
  };
};

/** An IPv4 client of an IPv6 socket has this before its address (RFC 4291 §2.5.5.2). */
const plain = (address: string): string => {
  const inner = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return inner ?? address.replace(/%.*$/, '');
};

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** Whether a text is an address, or a block such as `10.0.0.0/8`. */
export const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0 || address.includes('%')) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
};

/** Whether an address lies in one of the blocks; what is no address lies in none. */
export const compileNetworks = (networks: readonly string[]): ((address: string) => boolean) => {
  const blocks = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) blocks.addAddress(address, familyOf(address));
    else blocks.addSubnet(address, Number(bits), familyOf(address));
  }
  return (text) => {
    const address = plain(text);
    return isIP(address) !== 0 && blocks.check(address, familyOf(address));
  };
};

const compileHints = (wanted: Partial<ToolHints>): ((call: PolicyCall) => boolean) => {
  const names = ['readOnly', 'destructive', 'idempotent', 'openWorld'] as const;
  return ({ method, tool }) =>
    method === 'tools/call' &&
    names.every((name) => wanted[name] === undefined || wanted[name] === (tool?.hints ?? UNSAID_HINTS)[name]);
};

/** Null: the rule holds at any time, from anywhere, of any tool. */
export const compileCircumstances = (rule: PolicyRule): ((call: PolicyCall) => boolean) | null => {
  const hours = rule.hours && compileHours(rule.hours);
  const network = rule.networks && compileNetworks(rule.networks);
  const hints = rule.annotations && compileHints(rule.annotations);
  if (!hours && !network && !hints) return null;
  return (call) => (hours?.(call.at) ?? true) && (network?.(call.address) ?? true) && (hints?.(call) ?? true);
};
