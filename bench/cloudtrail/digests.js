/**
 * Validation of a trail by its digests, 2,000 logs and 72 digests behind answers of 20 ms: listing, fetching, hashing,
 * keeping and checking here, beside `aws cloudtrail validate-logs` where that is installed. Compare ratios, not seconds.
 * Run by `node bench/cloudtrail/digests.js [LOGS] [LATENCY]`, and by `npm run bench -- cloudtrail`.
 */
import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const START = Date.parse('2026-11-20T00:00:00Z');
const DAY = 86_400_000;

/** What `aws` is told, and what the SDK reads. */
const environment = (endpoint) => ({
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_DEFAULT_REGION: 'eu-central-1',
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_ENDPOINT_URL_CLOUDTRAIL: endpoint,
});

const startServer = async (latency, logs) => {
  const child = fork(fileURLToPath(new URL('./trail-server.js', import.meta.url)), [String(latency), String(logs)]);
  const { port, objects } = await new Promise((resolve) => child.once('message', resolve));
  return { endpoint: `http://127.0.0.1:${port}`, objects, stop: () => child.kill() };
};

const scopeOf = (endpoint) => ({
  bucket: 'trail',
  prefix: '',
  organization: null,
  accounts: [],
  regions: [],
  region: 'eu-central-1',
  profile: null,
  roleArn: null,
  externalId: null,
  endpoint,
  cloudtrailEndpoint: null,
  requestPayer: false,
});

/** CPU seconds of this process. */
const cpu = async (work) => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

/** Every stored object again, and the verdicts over them. */
const validate = async (dataDir) => {
  const { openRawEvidence } = await import('../../dist/warehouse/raw.js');
  const { checkTrail } = await import('../../dist/base/trail-chain.js');
  const { parseTrailKeys } = await import('../../dist/base/trail-keys.js');
  const { sha256 } = await import('../../dist/base/digest.js');
  const raw = await openRawEvidence(dataDir);
  const [digests, logs, keys] = [[], [], []];
  for (const object of raw.objects) {
    const bytes = await raw.read(object);
    const { key, sha256: hash, signature } = object;
    if (object.kind === 'cloudtrail-digest') digests.push({ key, sha256: hash, bytes, signature, backfill: null });
    else if (object.kind === 'cloudtrail-log') logs.push({ key, sha256: hash, content: sha256(gunzipSync(bytes)) });
    else keys.push(...parseTrailKeys(bytes));
  }
  const check = checkTrail(digests, logs, keys);
  return {
    digests: check.digests.filter(({ signature }) => signature === 'valid').length,
    logs: check.logs.filter(({ state }) => state === 'valid').length,
  };
};

const ours = async (endpoint) => {
  const { collectCloudTrailBucket } = await import('../../dist/collect/cloudtrail/from-bucket.js');
  const { openListKeys, openS3Bucket } = await import('../../dist/collect/cloudtrail/s3.js');
  Object.assign(process.env, environment(endpoint));
  const aws = { settings: scopeOf(endpoint), environment: process.env };
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const [bucket, listKeys] = [await openS3Bucket(aws), await openListKeys(aws)];
  const began = performance.now();
  const now = START + 3 * DAY + 3_600_000;
  const ask = { bucket, listKeys, scope: scopeOf(endpoint), dataDir, from: START - DAY, earliest: START, now };
  const collect = await cpu(() => collectCloudTrailBucket({ ...ask, concurrency: 32 }));
  let valid;
  const check = await cpu(async () => {
    valid = await validate(dataDir);
  });
  const seconds = (performance.now() - began) / 1000;
  rmSync(dataDir, { recursive: true });
  return { ...valid, seconds, collect, check, rss: process.resourceUsage().maxRSS / 1024 };
};

const theirs = (endpoint) => {
  if (spawnSync('aws', ['--version']).status !== 0) return undefined;
  const began = performance.now();
  const range = ['--start-time', '2026-11-20T00:00:00Z', '--end-time', '2026-11-23T00:00:00Z'];
  const trail = 'arn:aws:cloudtrail:eu-central-1:111122223333:trail/main';
  const child = spawnSync(
    'aws',
    ['cloudtrail', 'validate-logs', '--trail-arn', trail, '--s3-bucket', 'trail', ...range],
    {
      encoding: 'utf8',
      env: { ...process.env, ...environment(endpoint) },
    },
  );
  return { seconds: (performance.now() - began) / 1000, said: child.stdout.trim().split('\n').slice(-2).join(', ') };
};

const [logs = 2_000, latency = 20] = process.argv.slice(2).map(Number).filter(Number.isInteger);
const server = await startServer(latency, logs);
try {
  const own = await ours(server.endpoint);
  const each = (seconds) => `${((seconds * 1000) / server.objects).toFixed(2)} ms CPU an object`;
  console.log(`digests: ${server.objects} objects at ${latency} ms, ${own.digests} digests and ${own.logs} logs valid`);
  console.log(`  countersign  ${own.seconds.toFixed(1)} s, ${own.rss.toFixed(0)} MiB`);
  console.log(`    list, fetch, check each event, keep  ${each(own.collect)}`);
  console.log(`    read back, hash, check the chain     ${each(own.check)}`);
  const other = theirs(server.endpoint);
  if (other === undefined) console.log('  aws cloudtrail validate-logs  not installed');
  else {
    const times = (other.seconds / own.seconds).toFixed(1);
    console.log(
      `  aws cloudtrail validate-logs  ${other.seconds.toFixed(1)} s  ${times} times as long  (${other.said})`,
    );
  }
} finally {
  server.stop();
}
