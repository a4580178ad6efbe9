import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTimeline } from '../../src/warehouse/timeline.js';
import { call, event, type TestWarehouse, t, testWarehouse } from '../controls/tables.js';

let warehouse: TestWarehouse;
beforeAll(async () => {
  warehouse = await testWarehouse();
  await warehouse.add(
    'gw_session',
    { session_id: 'S1', server: 'cloud', opened_t: t(0), closed_t: t(50) },
    { session_id: 'S2', opened_t: t(1) },
  );
  await warehouse.add(
    'gw_call',
    call('C1', 12, { approval_id: 'A1', result_t: t(12, 1), server: 'cloud', target: 'stop' }),
    call('C2', 30, { result_t: t(30, 1) }),
    call('C3', 40, { session_id: 'S2', forwarded: false, decision: 'deny', status: null, result_seq: null }),
  );
  const times = { requested_t: t(10), granted_t: t(11), consumed_t: t(12), deadline: t(59) };
  const approval = { approval_id: 'A1', ...times, consumed_call: 'C1' };
  await warehouse.add('approval', approval);
  await warehouse.add('approval_decision', { approval_id: 'A1', seq: 5, t: t(11), reason: 'needed for release' });
  await warehouse.add('ct_event', event('E1', 12), event('E2', 45), event('E3', 46, { error_code: 'AccessDenied' }));
  await warehouse.add(
    'event_match',
    { event_id: 'E1', event_time: t(12), session_id: 'S1', call_id: 'C1' },
    { event_id: 'E2', event_time: t(45), session_id: 'S1', kind: 'UNEXPLAINED_IN_SESSION' },
  );
});
afterAll(() => warehouse.close());

const read = (id: string, limit = 100) => readTimeline({ ...warehouse }, id, limit);

const CALL_WITH_APPROVAL = [
  ['session opened', 'S1'],
  ['requested', 'A1'],
  ['approve', 'A1'],
  ['granted', 'A1'],
  ['used', 'A1'],
  ['call', 'C1'],
  ['StopInstances', 'E1'],
  ['result', 'C1'],
  ['session closed', 'S1'],
];

describe('the story of an item', () => {
  it.each([
    ['C1', 'call'],
    ['A1', 'approval'],
    ['E1', 'event'],
  ])('%s, a %s: its session, approval, call and events in the order of time', async (id, kind) => {
    const found = await read(id);
    expect(found?.kind).toBe(kind);
    expect(found?.entries.map(({ what, ref }) => [what, ref])).toEqual(CALL_WITH_APPROVAL);
  });

  it('of a session is everything in it, and nothing of another', async () => {
    const found = await read('S1');
    expect(found?.entries.map(({ ref }) => ref)).toEqual([
      'S1',
      'A1',
      'A1',
      'A1',
      'A1',
      'C1',
      'E1',
      'C1',
      'C2',
      'C2',
      'E2',
      'S1',
    ]);
  });

  it('says who, what and why', async () => {
    const details = (await read('C1'))?.entries.map(({ detail }) => detail);
    expect(details).toEqual([
      'cloud, https://idp|ada',
      'Ada: files write_file, of leads',
      'Bob: needed for release',
      'until 2026-11-24T05:59:00Z',
      '1 of 1',
      'Ada: cloud stop, allow by rule r1',
      'ec2.amazonaws.com, matched T1',
      'ok after 5 ms',
      'cloud',
    ]);
  });

  it('a refused call has no result, an event out of scope stands alone', async () => {
    expect((await read('C3'))?.entries.map(({ what }) => what)).toEqual(['session opened', 'call refused']);
    expect((await read('E3'))?.entries).toEqual([
      {
        t: '2026-11-24T05:46:00.000Z',
        source: 'aws',
        what: 'StopInstances',
        detail: 'ec2.amazonaws.com, AccessDenied, not in scope',
        ref: 'E3',
      },
    ]);
  });

  it('is cut at the limit, and says so', async () => {
    expect(await read('S1', 3)).toMatchObject({ entries: { length: 3 }, more: true });
    expect(await read('S1', 12)).toMatchObject({ more: false });
  });

  it('of an id that nothing has is undefined, whatever the id', async () => {
    expect(await read('nobody')).toBeUndefined();
    expect(await read("' OR 1=1 --")).toBeUndefined();
  });
});
