/** The story of one item across all sources, in the order of time. */
import { cellText, type Row, type Warehouse } from './open.js';

export type TimelineKind = 'session' | 'call' | 'approval' | 'event';

export interface TimelineEntry {
  /** RFC 3339, UTC. */
  readonly t: string;
  readonly source: 'gateway' | 'approval' | 'aws';
  /** Such as `call`, `result`, `granted`, `StopInstances`. */
  readonly what: string;
  readonly detail: string;
  /** Call, approval, session or event id. */
  readonly ref: string;
}

export interface Timeline {
  readonly kind: TimelineKind;
  readonly entries: readonly TimelineEntry[];
  /** Whether there are more entries than the limit. */
  readonly more: boolean;
}

const KINDS: readonly (readonly [kind: TimelineKind, sql: string])[] = [
  ['session', 'SELECT 1 FROM gw_session WHERE session_id = $id'],
  ['call', 'SELECT 1 FROM gw_call WHERE call_id = $id'],
  ['approval', 'SELECT 1 FROM approval WHERE approval_id = $id'],
  ['event', 'SELECT 1 FROM ct_event WHERE event_id = $id'],
];

/** What belongs to the item: of a session everything in it; of the others the call, its approval and its events. */
const ITEMS = `item_call AS (
  SELECT call_id, session_id, approval_id, seq FROM gw_call WHERE
    ($kind = 'session' AND session_id = $id) OR ($kind = 'call' AND call_id = $id)
    OR ($kind = 'approval' AND (approval_id = $id OR call_id IN (SELECT consumed_call FROM approval WHERE approval_id = $id)))
    OR ($kind = 'event' AND call_id IN (SELECT call_id FROM event_match WHERE event_id = $id))),
item_session AS (SELECT $id AS session_id WHERE $kind = 'session' UNION SELECT session_id FROM item_call
  UNION SELECT session_id FROM event_match WHERE $kind = 'event' AND event_id = $id
  UNION SELECT session_id FROM approval WHERE $kind = 'approval' AND approval_id = $id),
item_approval AS (SELECT approval_id FROM approval WHERE ($kind = 'session' AND session_id = $id)
    OR ($kind = 'approval' AND approval_id = $id) OR approval_id IN (SELECT approval_id FROM item_call)
    OR consumed_call IN (SELECT call_id FROM item_call)),
item_event AS (SELECT event_id, account_id FROM event_match WHERE ($kind = 'session' AND session_id = $id)
    OR call_id IN (SELECT call_id FROM item_call)
  UNION SELECT event_id, account_id FROM ct_event WHERE $kind = 'event' AND event_id = $id)`;

const ENTRIES = `WITH ${ITEMS}, entry AS (
  SELECT opened_t AS t, 0 AS rank, 'gateway' AS source, 'session opened' AS what, server || ', ' || principal AS detail, session_id AS ref
    FROM gw_session WHERE session_id IN (SELECT session_id FROM item_session)
  UNION ALL SELECT closed_t, 9, 'gateway', 'session closed', server, session_id
    FROM gw_session WHERE session_id IN (SELECT session_id FROM item_session) AND closed_t IS NOT NULL
  UNION ALL SELECT t, 3, 'gateway', CASE WHEN forwarded THEN 'call' ELSE 'call refused' END,
    person_label || ': ' || server || ' ' || coalesce(target, method) || ', ' || decision || coalesce(' by rule ' || rule, ''), call_id
    FROM gw_call WHERE call_id IN (SELECT call_id FROM item_call)
  UNION ALL SELECT result_t, 6, 'gateway', 'result', coalesce(status, 'unknown') || coalesce(' after ' || duration_ms || ' ms', ''), call_id
    FROM gw_call WHERE call_id IN (SELECT call_id FROM item_call) AND result_t IS NOT NULL
  UNION ALL SELECT requested_t, 1, 'approval', 'requested', requester_label || ': ' || server || ' ' || tool || ', of ' || array_to_string(reviewers, ', '), approval_id
    FROM approval WHERE approval_id IN (SELECT approval_id FROM item_approval)
  UNION ALL SELECT t, 2, 'approval', verdict, by_label || coalesce(': ' || reason, ''), approval_id
    FROM approval_decision WHERE approval_id IN (SELECT approval_id FROM item_approval)
  UNION ALL SELECT granted_t, 2, 'approval', 'granted', 'until ' || strftime(deadline, '%Y-%m-%dT%H:%M:%SZ'), approval_id
    FROM approval WHERE approval_id IN (SELECT approval_id FROM item_approval) AND granted_t IS NOT NULL
  UNION ALL SELECT consumed_t, 2, 'approval', 'used', consumptions || ' of ' || coalesce(window_uses, 1), approval_id
    FROM approval WHERE approval_id IN (SELECT approval_id FROM item_approval) AND consumed_t IS NOT NULL
  UNION ALL SELECT e.event_time, 5, 'aws', e.event_name,
    e.event_source || coalesce(', ' || e.error_code, '') || coalesce(', ' || lower(replace(m.kind, '_', ' ')) || coalesce(' ' || m.tier, ''), ', not in scope'), e.event_id
    FROM ct_event e JOIN item_event i ON i.event_id = e.event_id AND i.account_id = e.account_id
    LEFT JOIN event_match m ON m.event_id = e.event_id AND m.account_id = e.account_id)
SELECT t, source, what, detail, ref FROM entry ORDER BY t, rank, ref, what`;

const sourceOf = (text: string): TimelineEntry['source'] => (text === 'approval' || text === 'aws' ? text : 'gateway');

const entryOf = (row: Row): TimelineEntry => ({
  t: cellText(row['t']),
  source: sourceOf(cellText(row['source'])),
  what: cellText(row['what']),
  detail: cellText(row['detail']),
  ref: cellText(row['ref']),
});

/** Undefined where no session, call, approval or event has the id. CloudTrail's times are whole seconds. */
export const readTimeline = async (warehouse: Warehouse, id: string, limit: number): Promise<Timeline | undefined> => {
  for (const [kind, sql] of KINDS) {
    if ((await warehouse.query(`${sql} LIMIT 1`, { id })).length === 0) continue;
    const entries: TimelineEntry[] = [];
    for await (const row of warehouse.stream(ENTRIES, { id, kind })) {
      if (entries.length === limit) return { kind, entries, more: true };
      entries.push(entryOf(row));
    }
    return { kind, entries, more: false };
  }
  return undefined;
};
