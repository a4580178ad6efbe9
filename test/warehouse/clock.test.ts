/** The clock of a gateway against that of AWS: found day by day, told where they are apart, and never in the way of a match. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clockFindings } from '../../src/warehouse/clock.js';
import { CORRELATE } from '../../src/warehouse/correlate.js';
import type { Row } from '../../src/warehouse/open.js';
import { type TestWarehouse, testWarehouse, type Values } from '../controls/tables.js';

const ROLE = 'arn:aws:iam::111122223333:role/mcp-cloud';
const MINUTE = 60_000;

let warehouse: TestWarehouse;
let made: number;

beforeEach(async () => {
  made = 0;
  warehouse = await testWarehouse();
  await warehouse.add('server', { id: 'cloud', kind: 'stdio', aws: true, role_arn: ROLE });
  await warehouse.add('governed_role', { arn: ROLE });
  await warehouse.add('tool_aws_map', { server: 'cloud', tool: 'stop' });
});
afterEach(() => warehouse.close());

const stamp = (ms: number): string => new Date(ms).toISOString().replace('Z', '');
const second = (ms: number): string => stamp(Math.floor(ms / 1000) * 1000);

/** A session that opens at a moment, with its credential; AWS's clock is `apart` ahead of the gateway's. */
const session = async (id: string, opened: number, apart: number, record = true): Promise<void> => {
  const names = { role_session_name: `cs-${id}`, source_identity: 'cs-ada' };
  const key = `ASIA${id}`;
  await warehouse.add('gw_session', { session_id: id, server: 'cloud', opened_t: stamp(opened), ...names });
  await warehouse.add('gw_credential', {
    access_key_id: key,
    session_id: id,
    role_arn: ROLE,
    ...names,
    first_seen: stamp(opened + 3_000),
    expires_ts: stamp(opened + apart + 60 * MINUTE),
  });
  if (record)
    await warehouse.add('record', { seq: made, type: 'session', d: JSON.stringify({ event: 'opened', session: id }) });
  await warehouse.add('ct_event', {
    event_id: `open-${id}`,
    event_time: second(opened + apart + 1_000),
    event_source: 'sts.amazonaws.com',
    event_name: 'AssumeRole',
    identity_type: 'IAMUser',
    arn: 'arn:aws:iam::111122223333:user/gateway',
    assume_role_arn: ROLE,
    assume_session_name: `cs-${id}`,
    assume_source_identity: 'cs-ada',
    assume_key_id: key,
  });
};

/** A call of two seconds and its event in the middle; `named`: its answer names the request. */
const call = async (of: string, at: number, apart: number, named: boolean, over: Values = {}): Promise<void> => {
  const n = made++;
  await warehouse.add('gw_call', {
    call_id: `C${n}`,
    seq: n + 1,
    t: stamp(at),
    start_ts: stamp(at),
    end_ts: stamp(at + 2_000),
    session_id: of,
    server: 'cloud',
    target: 'stop',
    access_key_id: `ASIA${of}`,
    role_arn: ROLE,
    aws_request_ids: named ? [`req-${n}`] : [],
  });
  await warehouse.add('ct_event', {
    event_id: `E${n}`,
    event_time: second(at + 1_000 + apart),
    issuer_arn: ROLE,
    role_session_name: `cs-${of}`,
    access_key_id: `ASIA${of}`,
    source_identity: 'cs-ada',
    request_id: `req-${n}`,
    ...over,
  });
};

const DAY_1 = Date.parse('2026-11-20T09:00:00Z');
const DAY_2 = Date.parse('2026-11-21T09:00:00Z');
const DAY_3 = Date.parse('2026-11-22T09:00:00Z');

const correlate = async (): Promise<readonly string[]> => {
  for (const sql of CORRELATE) await warehouse.query(sql);
  const rows = await warehouse.query(
    `SELECT kind, tier, call_id FROM event_match WHERE event_id LIKE 'E%' ORDER BY event_id`,
  );
  return rows.map((row) => JSON.stringify(Object.values(row)));
};
const offsets = () =>
  warehouse.query(
    'SELECT day::DATE::VARCHAR AS day, low_ms, high_ms, agreeing FROM clock_offset WHERE day IS NOT NULL ORDER BY day',
  );
const findings = async (): Promise<readonly string[]> =>
  (await clockFindings(warehouse)).map(({ severity, message }) => `${severity}: ${message}`);

/** That a distance lies in an interval that is at most so wide. */
const holds = (row: Row | undefined, apart: number, wide: number): boolean => {
  const [low, high] = [Number(row?.['low_ms']), Number(row?.['high_ms'])];
  return low <= apart && apart <= high && high - low <= wide;
};

describe('the distance of the clocks', () => {
  it('is found for each day, and matches hold on each', async () => {
    const days = [
      [DAY_1, 1_500],
      [DAY_2, -60 * MINUTE],
      [DAY_3, 60 * MINUTE],
    ] as const;
    for (const [i, [day, apart]] of days.entries()) {
      await session(`S${i}`, day, apart);
      for (let n = 0; n < 3; n++) await call(`S${i}`, day + (n + 1) * 5 * MINUTE + n * 310, apart, n < 2);
    }
    expect(await correlate()).toEqual(
      Array.from({ length: 9 }, (_, n) => JSON.stringify(['MATCHED', n % 3 < 2 ? 'T3' : 'T1', `C${n}`])),
    );
    const found = await offsets();
    for (const [i, [, apart]] of days.entries()) expect(holds(found[i], apart, 3_000), `day ${i}`).toBe(true);
  });

  it('that is an hour is told with its day, and which clock is behind; one of a second is not told', async () => {
    await session('S0', DAY_1, 1_000);
    await call('S0', DAY_1 + 5 * MINUTE, 1_000, true);
    await session('S1', DAY_2, -60 * MINUTE);
    await call('S1', DAY_2 + 5 * MINUTE, -60 * MINUTE, true);
    await session('S2', DAY_3, 60 * MINUTE);
    await call('S2', DAY_3 + 5 * MINUTE, 60 * MINUTE, true);
    await correlate();
    const by = "by 2 of 2 pairs of a call and its event; the events of the day are matched by AWS's clock.";
    expect(await findings()).toEqual([
      `incomplete: On 2026-11-21 the clock of the gateway was 60 minutes ahead of that of AWS, ${by}`,
      `incomplete: On 2026-11-22 the clock of the gateway was 60 minutes behind that of AWS, ${by}`,
    ]);
  });

  it('that is five seconds is a note', async () => {
    await session('S0', DAY_1, 5_500);
    await call('S0', DAY_1 + 5 * MINUTE, 5_500, true);
    await correlate();
    expect(await findings()).toEqual([expect.stringMatching(/^note: On 2026-11-20 .* was \d seconds behind/)]);
  });

  it('is bounded by the opening of sessions where no answer names a request', async () => {
    await session('S0', DAY_1, 60 * MINUTE);
    await call('S0', DAY_1 + 5 * MINUTE, 60 * MINUTE, false);
    expect(await correlate()).toEqual([JSON.stringify(['MATCHED', 'T1', 'C0'])]);
    expect(await findings()).toHaveLength(1);
  });

  it('is two seconds either way where nothing bounds it: a session whose opening is not on record bounds nothing', async () => {
    await session('S0', DAY_1, 0, false);
    await call('S0', DAY_1 + 5 * MINUTE, 0, false);
    expect(await correlate()).toEqual([JSON.stringify(['MATCHED', 'T1', 'C0'])]);
    expect(await warehouse.query('SELECT * EXCLUDE (origin, day) FROM clock_offset')).toEqual([
      { low_ms: -2_000, high_ms: 2_000, pairs: 0, agreeing: 0 },
    ]);
  });

  it('is not moved by an answer that names the request of an earlier event', async () => {
    await session('S0', DAY_1, 1_000);
    for (let n = 0; n < 4; n++) await call('S0', DAY_1 + (n + 1) * 5 * MINUTE, 1_000, true);
    await call('S0', DAY_1 + 30 * MINUTE, 1_000, true, { event_time: second(DAY_1 + 7 * MINUTE), request_id: 'req-4' });
    await correlate();
    const [found] = await offsets();
    expect(holds(found, 1_000, 3_000)).toBe(true);
    expect(found?.['agreeing']).toBe(5);
  });

  it('is not read from another session, whose request an answer names too', async () => {
    await session('S0', DAY_1, 0);
    await session('S1', DAY_1, 0);
    await call('S0', DAY_1 + 5 * MINUTE, 0, true, {
      role_session_name: 'cs-S1',
      access_key_id: 'ASIAS1',
      event_time: second(DAY_1 + 50 * MINUTE),
    });
    await correlate();
    expect(await findings()).toEqual([]);
  });
});
