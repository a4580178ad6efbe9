/**
 * Correlation alone: events against calls, in CPU seconds and peak memory. A quarter is made in SQL: a third of the events
 * belong to sessions, one session has a thirtieth of all calls within a day, most of them of one tool whose events may
 * come up to five minutes later. Each size runs in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DAY = 86_400;
const SESSION = `CASE WHEN i % 30 = 0 THEN 0 ELSE 1 + (hash(i) % $sessions)::BIGINT END`;
const AT = `TIMESTAMP '2026-07-01' + to_seconds(`;

/** @param calls how many; ten events for each */
const world = (calls) => {
  const sessions = Math.max(10, Math.round(calls / 25));
  const fill = (sql) => sql.replaceAll('$sessions', sessions).replaceAll('$calls', calls);
  const role = `'arn:aws:iam::111122223333:role/mcp'`;
  return [
    `INSERT INTO server BY NAME SELECT 'cloud' AS id, 'stdio' AS kind, true AS aws, ${role} AS role_arn, [] AS purposes`,
    `INSERT INTO tool_aws_map BY NAME SELECT 'cloud' AS server, 't' || i AS tool, 'ec2.amazonaws.com' AS event_source,
       'Op' || greatest(i, 1) AS event_name, i % 4 = 1 AS write, CASE WHEN i = 0 THEN 300 ELSE 0 END AS async_s, false AS data FROM range(40) r(i)`,
    `INSERT INTO supporting_op VALUES ('sts.amazonaws.com', 'GetCallerIdentity')`,
    `INSERT INTO governed_role VALUES (${role})`,
    `INSERT INTO gw_session BY NAME SELECT 'S' || i AS session_id, 'p' || i % 500 AS principal, 'cloud' AS server,
       ${AT}i * 89 * ${DAY} // $sessions) AS opened_t, 'cs-S' || i AS role_session_name, 'who' || i % 500 AS source_identity,
       opened_t + to_seconds(CASE WHEN i = 0 THEN ${DAY} ELSE 3600 END) AS expires_ts FROM range($sessions + 1) r(i)`,
    `INSERT INTO gw_credential BY NAME SELECT 'ASIA' || session_id AS access_key_id, session_id, ${role} AS role_arn,
       role_session_name, source_identity, opened_t AS first_seen, expires_ts FROM gw_session`,
    `CREATE TEMP TABLE made AS SELECT i, ${SESSION} AS sno, CASE WHEN sno = 0 THEN CASE WHEN i % 150 = 0 THEN 1 ELSE 0 END
         ELSE (hash(i, 2) % 40)::BIGINT END AS tool,
       ${AT}sno * 89 * ${DAY} // $sessions + CASE WHEN sno = 0 THEN i * ${DAY - 600} // $calls ELSE (hash(i, 1) % 3000)::BIGINT END) AS t
       FROM range($calls) r(i)`,
    `INSERT INTO gw_call BY NAME SELECT 'C' || i AS call_id, i AS seq, t, 'S' || sno AS session_id, 'x' AS issuer, 'p' AS subject,
       'p' AS principal, 'P' AS person_label, 'human' AS principal_kind, [] AS "groups", [] AS amr, 'cloud' AS server,
       'tools/call' AS method, 't' || tool AS target, true AS forwarded, 'allow' AS decision, 'x' AS policy, 'low' AS risk,
       'ASIAS' || sno AS access_key_id, ${role} AS role_arn, 'ok' AS status,
       CASE WHEN i % 50 = 1 THEN ['r-' || i] ELSE [] END AS aws_request_ids, t AS start_ts, t + INTERVAL 2 SECOND AS end_ts FROM made`,
    `INSERT INTO ct_event BY NAME SELECT 'e' || j AS event_id, '111122223333' AS account_id,
       t + to_seconds(CASE WHEN j % 20 = 0 THEN 900 WHEN tool = 0 THEN (hash(j) % 300)::BIGINT ELSE 1 END) AS event_time,
       'ec2.amazonaws.com' AS event_source, 'Op' || greatest(tool, 1) AS event_name, ${role} AS issuer_arn,
       CASE WHEN j % 10 = 9 THEN NULL ELSE 'cs-S' || sno END AS role_session_name, 'ASIAS' || sno AS access_key_id,
       'who' || sno % 500 AS source_identity, CASE WHEN j % 3 = 0 THEN 'r-' || i ELSE 'x-' || j END AS request_id, 'f' AS file, j AS idx
       FROM (SELECT *, unnest([3 * i, 3 * i + 1, 3 * i + 2]) AS j FROM made)`,
    `INSERT INTO ct_event BY NAME SELECT 'n' || j AS event_id, '111122223333' AS account_id, ${AT}(hash(j) % ${89 * DAY})::BIGINT) AS event_time,
       's3.amazonaws.com' AS event_source, 'Get' || j % 300 AS event_name, 'arn:aws:iam::111122223333:role/ci' AS issuer_arn,
       'build-' || j % 5000 AS role_session_name, 'ASIAN' || j % 5000 AS access_key_id, 'y-' || j AS request_id, 'f' AS file, j AS idx
       FROM range(7 * $calls) r(j)`,
    'DROP TABLE made',
  ].map(fill);
};

const cpu = async (work) => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

const measure = async (calls) => {
  const { openBuilder } = await import('../../dist/warehouse/open.js');
  const { TABLES } = await import('../../dist/warehouse/schema.js');
  const { CORRELATE } = await import('../../dist/warehouse/correlate.js');
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  mkdirSync(join(dir, 'stage'));
  const builder = await openBuilder(join(dir, 'w.duckdb'), join(dir, 'stage'));
  for (const { sql } of TABLES) await builder.run(sql);
  for (const sql of world(calls)) await builder.run(sql);
  await builder.run('CHECKPOINT');
  const began = performance.now();
  const seconds = await cpu(async () => {
    for (const sql of CORRELATE) {
      const spent = await cpu(() => builder.run(sql));
      if (process.env.COUNTERSIGN_BENCH_STEPS) console.error(spent.toFixed(2), sql.slice(0, 60).replaceAll('\n', ' '));
    }
  });
  const wall = (performance.now() - began) / 1000;
  const [row] = await builder.query(`SELECT (SELECT count(*) FROM ct_event) AS events,
    count(*) FILTER (kind = 'MATCHED') AS matched, count(*) AS scope FROM event_match`);
  await builder.close();
  rmSync(dir, { recursive: true });
  console.log(JSON.stringify({ calls, ...row, seconds, wall, rss: process.resourceUsage().maxRSS / 1024 }));
};

const [, script, calls] = process.argv;
if (script === fileURLToPath(import.meta.url)) await measure(Number(calls));
else {
  console.log('\n    calls     events  in scope   matched   CPU s  wall s  RSS MiB');
  for (const size of [10_000, 100_000, 1_000_000]) {
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), String(size)], { encoding: 'utf8' });
    if (child.status !== 0) throw new Error(child.stderr);
    const { events, scope, matched, seconds, wall, rss } = JSON.parse(child.stdout);
    const cells = [
      [size, 9],
      [events, 10],
      [scope, 9],
      [matched, 9],
      [seconds.toFixed(1), 7],
      [wall.toFixed(1), 7],
      [rss.toFixed(0), 8],
    ];
    console.log(cells.map(([text, width]) => String(text).padStart(width)).join(' '));
  }
}
