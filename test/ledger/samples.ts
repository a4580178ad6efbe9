/** A turned-by-hand clock, drafts, and small ledgers for tests. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Clock } from '../../src/base/clock.js';
import type { FilePort } from '../../src/base/durable.js';
import { openLedger } from '../../src/ledger/append.js';
import type { OpenedLedger } from '../../src/ledger/opening.js';
import type { CallRecord, RecordDraft } from '../../src/model/record.js';

export const ORIGIN = 'example.com/mcp/gw-1';
export const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

export interface TestClock extends Clock {
  advance(ms: number): void;
  /** Turns the wall clock alone. */
  turn(ms: number): void;
}

let boots = 0;
/** A clock of a new boot. */
export const testClock = (start = Date.UTC(2026, 10, 24, 5, 0, 0)): TestClock => {
  let wall = start;
  let monotonic = 1000;
  const boot = `00000000-0000-4000-8000-${String(++boots).padStart(12, '0')}`;
  return {
    boot,
    now: () => wall,
    monotonic: () => monotonic,
    advance: (ms) => {
      wall += ms;
      monotonic += ms;
    },
    turn: (ms) => {
      wall += ms;
    },
  };
};

const id = (n: number): string => `01JD${String(n).padStart(22, '0')}`;

export const callDraft = (
  n: number,
  over: Partial<CallRecord> = {},
  payloads: Readonly<Record<string, string | Buffer>> = {
    args: `{"path":"/srv/files/${n}.md"}`,
    person: '{"name":"Alice Möller","email":"alice@example.com"}',
  },
): RecordDraft => ({
  type: 'call',
  d: {
    call: id(n),
    session: id(9000),
    principal: {
      iss: 'https://id.example.com',
      sub: 'alice',
      kind: 'human',
      groups: ['engineering'],
      client_id: null,
      act: null,
      amr: ['pwd', 'otp'],
      acr: null,
      token: `hs256:01234567:${'a'.repeat(64)}`,
      exp: 1_800_000_000,
    },
    server: 'files',
    method: 'tools/call',
    target: 'read_file',
    forwarded: true,
    args: `hs256:01234567:${'b'.repeat(64)}`,
    redactions: {},
    definition: 'c'.repeat(64),
    decision: { effect: 'allow', rule: 'engineers-read', policy: 'd'.repeat(64), reason: 'rule' },
    approval: null,
    risk: 'low',
    credential: null,
    trace: null,
    ...over,
  },
  payloads,
});

export const resultDraft = (n: number, intent: number): RecordDraft => ({
  type: 'result',
  d: { call: id(n), intent, status: 'ok', ms: 12, bytes: 345, redactions: { email: 1 }, aws_request_ids: [] },
  payloads: { result: `{"content":[{"type":"text","text":"answer ${n}"}]}` },
});

export interface SampleOptions {
  readonly dir: string;
  readonly key?: KeyObject;
  readonly clock?: TestClock;
  readonly files?: FilePort;
  readonly heartbeat?: number;
  readonly rotate?: { readonly bytes: number; readonly age: number };
}

export const openSample = ({
  dir,
  key = newKey(),
  clock = testClock(),
  files,
  heartbeat = 0,
  rotate,
}: SampleOptions): Promise<OpenedLedger> =>
  openLedger({
    dir,
    origin: ORIGIN,
    key,
    clock,
    heartbeat,
    ...(files ? { files } : {}),
    ...(rotate ? { rotate } : {}),
  });

/** One call and its outcome, 10 ms apart, each in a batch of its own. Returns the intent's place. */
export const oneCall = async (ledger: OpenedLedger, clock: TestClock, n: number): Promise<number> => {
  clock.advance(10);
  const { seq } = await ledger.append(callDraft(n));
  clock.advance(10);
  await ledger.append(resultDraft(n, seq));
  return seq;
};
