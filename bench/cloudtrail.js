/**
 * Ingest of CloudTrail at three sizes: collecting (hash, checks, raw kept, object ledger) and building the warehouse, beside
 * one SQL statement of DuckDB that reads the same files into a table and checks nothing. Compare the ratios, not seconds:
 * of CPU where the machine is busy, of time where it is quiet. Both run in processes of their own, so that their peak
 * of memory is their own. Then correlation and digests. `node bench/cloudtrail.js ingest` measures the ingest alone.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';

const record = (n) => ({
  eventVersion: '1.11',
  userIdentity: {
    type: 'AssumedRole',
    principalId: `AROAEXAMPLE:session-${n % 500}`,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/app/session-${n % 500}`,
    accountId: ACCOUNT,
    accessKeyId: `ASIA${String(n % 500).padStart(16, '0')}`,
    sessionContext: {
      sessionIssuer: { type: 'Role', arn: `arn:aws:iam::${ACCOUNT}:role/app`, accountId: ACCOUNT, userName: 'app' },
      attributes: { creationDate: '2026-11-20T06:00:00Z', mfaAuthenticated: 'false' },
    },
  },
  eventTime: new Date(Date.UTC(2026, 10, 20) + (n % 86_400) * 1000).toISOString().replace('.000', ''),
  eventSource: 'ec2.amazonaws.com',
  eventName: n % 3 === 0 ? 'DescribeInstances' : 'DescribeVolumes',
  awsRegion: REGION,
  sourceIPAddress: '192.0.2.10',
  userAgent: 'aws-sdk-js/3.1 ua/2.1 os/linux lang/js md/nodejs#20.20.2 api/ec2#3.1',
  requestParameters: {
    filterSet: { items: [{ name: 'tag:team', valueSet: { items: [{ value: `team-${n % 40}` }] } }] },
  },
  responseElements: null,
  requestID: `${String(n).padStart(8, '0')}-1111-4222-8333-444455556666`,
  eventID: `${String(n).padStart(8, '0')}-aaaa-4bbb-8ccc-ddddeeeeffff`,
  readOnly: true,
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: ACCOUNT,
  eventCategory: 'Management',
  tlsDetails: {
    tlsVersion: 'TLSv1.3',
    cipherSuite: 'TLS_AES_128_GCM_SHA256',
    clientProvidedHostHeader: 'ec2.amazonaws.com',
  },
});

/** @returns bytes of the unpacked logs */
const writeLogs = (dir, files, perFile) => {
  mkdirSync(dir, { recursive: true });
  let bytes = 0;
  for (let file = 0; file < files; file++) {
    const text = JSON.stringify({ Records: Array.from({ length: perFile }, (_, i) => record(file * perFile + i)) });
    bytes += text.length;
    const name = `${ACCOUNT}_CloudTrail_${REGION}_20261120T0605Z_${String(file).padStart(16, '0')}.json.gz`;
    writeFileSync(join(dir, name), gzipSync(text, { level: 1 }));
  }
  return bytes;
};

const SETTINGS = {
  gateway: { callTimeout: 600_000 },
  ledger: { origin: 'example.com/mcp/gw-1' },
  evidence: {},
  servers: [],
  people: [],
  policy: [],
  approvals: [],
  provenance: { digest: '0'.repeat(64), files: [] },
};

/** CPU seconds and seconds of some work. */
const measure = async (work) => {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1000 };
};

const tell = (result) => {
  const { maxRSS } = process.resourceUsage();
  console.log(JSON.stringify({ ...result, rss: maxRSS / 1024 }));
};

/** As countersign does it. */
const ingest = async (from, dataDir) => {
  const { collectCloudTrailFolder } = await import('../dist/collect/cloudtrail/files.js');
  const { buildWarehouse } = await import('../dist/warehouse/build.js');
  const collect = await measure(() => collectCloudTrailFolder({ from, dataDir }));
  const records = (async function* () {})();
  let events = 0;
  const build = await measure(async () => {
    ({ events } = await buildWarehouse({ dataDir, records, settings: SETTINGS }));
  });
  tell({ collect, build, events });
};

/** Columns of the table of the bare statement, and where they stand in a record. */
const BARE = {
  event_id: 'eventID',
  event_source: 'eventSource',
  event_name: 'eventName',
  region: 'awsRegion',
  source_ip: 'sourceIPAddress',
  user_agent: 'userAgent',
  error_code: 'errorCode',
  account_id: 'recipientAccountId',
  identity_type: 'userIdentity.type',
  arn: 'userIdentity.arn',
  principal_id: 'userIdentity.principalId',
  access_key_id: 'userIdentity.accessKeyId',
  source_identity: 'userIdentity.sessionContext.sourceIdentity',
  issuer_arn: 'userIdentity.sessionContext.sessionIssuer.arn',
  request_id: 'requestID',
  shared_event_id: 'sharedEventID',
  category: 'eventCategory',
  event_version: 'eventVersion',
  event_type: 'eventType',
  read_only: 'readOnly',
  event_time: 'eventTime',
};

/** One statement, two threads, 1 GB: a list of paths for each record, and nothing checked or kept. */
const bareSql = async (from, dataDir) => {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const settings = { threads: '2', memory_limit: '1GB', preserve_insertion_order: 'false' };
  mkdirSync(dataDir);
  const load = await measure(async () => {
    const instance = await DuckDBInstance.create(join(dataDir, 'bare.duckdb'), settings);
    const connection = await instance.connect();
    const paths = Object.values(BARE).map((path) => `'$.${path}'`);
    const columns = Object.keys(BARE).map((name, i) => `x[${i + 1}] AS ${name}`);
    await connection.run(`CREATE TABLE event AS SELECT filename, idx, ${columns.join(', ')} FROM (
      SELECT filename, idx, json_extract_string(record, [${paths.join(', ')}]) AS x FROM (
        SELECT filename, unnest(range(len(Records))) AS idx, unnest(Records) AS record
        FROM read_json('${from}/*.json.gz', columns = {Records: 'JSON[]'}, filename = true)))`);
    await connection.run('CHECKPOINT');
    connection.closeSync();
    instance.closeSync();
  });
  tell(load);
};

/** Many tiny files, few of 2 MB, and a gigabyte. */
const SIZES = [
  [17_000, 8],
  [50, 1_450],
  [500, 1_450],
];

const script = fileURLToPath(import.meta.url);

const child = (...args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

const row = (cells) => console.log(cells.map(([text, width]) => String(text).padStart(width)).join(' '));

const compare = (files, perFile) => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const from = join(dir, 'trail');
  try {
    const bytes = writeLogs(from, files, perFile);
    const bare = child('bare', from, join(dir, 'bare'));
    const { collect, build, events, rss } = child('own', from, join(dir, 'data'));
    const [cpu, wall] = [collect.cpu + build.cpu, collect.wall + build.wall];
    row([
      [files, 7],
      [events, 8],
      [(bytes / 1e6).toFixed(0), 5],
      [bare.cpu.toFixed(1), 10],
      [bare.wall.toFixed(1), 6],
      [collect.cpu.toFixed(1), 12],
      [build.cpu.toFixed(1), 6],
      [wall.toFixed(1), 6],
      [(cpu / bare.cpu).toFixed(2), 10],
      [(wall / bare.wall).toFixed(2), 6],
      [rss.toFixed(0), 8],
    ]);
  } finally {
    rmSync(dir, { recursive: true });
  }
};

const [, , what, from = '', dataDir = ''] = process.argv;
if (what === 'own') await ingest(from, dataDir);
else if (what === 'bare') await bareSql(from, dataDir);
else {
  console.log('                           bare SQL     countersign, CPU s           ratio of');
  console.log('  files   events    MB      CPU s   wall      collect  build   wall        CPU   wall  RSS MiB');
  for (const [files, perFile] of SIZES) compare(files, perFile);
  if (what !== 'ingest') {
    await import('./cloudtrail/correlate.js');
    await import('./cloudtrail/digests.js');
  }
}
