/**
 * Ingest of CloudTrail at three sizes: collecting (hash, checks, raw kept) and building the warehouse, in CPU seconds
 * and as a ratio to unpacking and JSON.parse of the same bytes on the same machine: compare ratios, not seconds.
 * Each size runs in a process of its own, so that its peak of memory is its own. Then correlation and digests.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

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

const cpu = async (work) => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

const measure = async (files, perFile) => {
  const { collectCloudTrailFolder } = await import('../dist/collect/cloudtrail/files.js');
  const { buildWarehouse } = await import('../dist/warehouse/build.js');
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const [from, dataDir] = [join(dir, 'trail'), join(dir, 'data')];
  const bytes = writeLogs(from, files, perFile);
  const parse = await cpu(() => {
    for (const name of readdirSync(from)) JSON.parse(gunzipSync(readFileSync(join(from, name))).toString());
  });
  const collect = await cpu(() => collectCloudTrailFolder({ from, dataDir }));
  const records = (async function* () {})();
  let events = 0;
  const build = await cpu(async () => {
    ({ events } = await buildWarehouse({ dataDir, records, settings: SETTINGS }));
  });
  const { maxRSS } = process.resourceUsage();
  rmSync(dir, { recursive: true });
  console.log(JSON.stringify({ files, events, mb: bytes / 1e6, parse, collect, build, rss: maxRSS / 1024 }));
};

const SIZES = [
  [2_000, 10],
  [50, 2_000],
  [200, 2_000],
];

const [, script, files, perFile] = process.argv;
if (script === fileURLToPath(import.meta.url)) await measure(Number(files), Number(perFile));
else {
  console.log('  files   events    MB  parse s  collect s  build s  ratio  RSS MiB');
  for (const size of SIZES) {
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...size.map(String)], {
      encoding: 'utf8',
    });
    if (child.status !== 0) throw new Error(child.stderr);
    const { files: n, events, mb, parse, collect, build, rss } = JSON.parse(child.stdout);
    const cells = [
      [n, 7],
      [events, 8],
      [mb.toFixed(0), 5],
      [parse.toFixed(2), 8],
      [collect.toFixed(2), 10],
      [build.toFixed(2), 8],
      [((collect + build) / parse).toFixed(1), 6],
      [rss.toFixed(0), 8],
    ];
    console.log(cells.map(([text, width]) => String(text).padStart(width)).join(' '));
  }
  await import('./cloudtrail/correlate.js');
  await import('./cloudtrail/digests.js');
}
