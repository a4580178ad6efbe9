/**
 * A trail's bucket and ListPublicKeys on this machine, in a process of its own: 2,000 logs and the 72 digests that name them,
 * signed with a key made here. Every answer waits as long as the first argument says, milliseconds.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const LATENCY = Number(process.argv[2]);
const LOGS = Number(process.argv[3]);
const HOURS = 72;
const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
const START = Date.UTC(2026, 10, 20);

const hex = (bytes) => createHash('sha256').update(bytes).digest('hex');
const stamp = (ms) => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
const day = (ms) => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '/');
const iso = (ms) => new Date(ms).toISOString().replace('.000', '');

const record = (n) => ({
  eventVersion: '1.11',
  userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::${ACCOUNT}:user/ada`, accountId: ACCOUNT },
  eventTime: iso(START + n * 1000),
  eventSource: 'ec2.amazonaws.com',
  eventName: 'DescribeInstances',
  awsRegion: REGION,
  sourceIPAddress: '192.0.2.10',
  userAgent: 'aws-sdk-js/3.1 ua/2.1 os/linux lang/js md/nodejs#20.20.2',
  requestParameters: {
    filterSet: { items: [{ name: 'tag:team', valueSet: { items: [{ value: `team-${n % 40}` }] } }] },
  },
  requestID: `r-${n}`,
  eventID: `e-${n}`,
  readOnly: true,
  eventType: 'AwsApiCall',
  recipientAccountId: ACCOUNT,
  eventCategory: 'Management',
});

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const der = publicKey.export({ format: 'der', type: 'pkcs1' });
const fingerprint = createHash('md5').update(der).digest('hex');

/** @type {Map<string, { bytes: Buffer, signature?: string }>} */
const objects = new Map();

const addLogs = (hour) => {
  const at = START + (hour - 1) * 3_600_000 + 1_800_000;
  const count = Math.floor((LOGS * hour) / HOURS) - Math.floor((LOGS * (hour - 1)) / HOURS);
  return Array.from({ length: count }, (_, i) => {
    const inflated = JSON.stringify({
      Records: Array.from({ length: 20 }, (_, n) => record(hour * 100_000 + i * 20 + n)),
    });
    const tail = String(i).padStart(16, '0');
    const key = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/${day(at)}/${ACCOUNT}_CloudTrail_${REGION}_${stamp(at).slice(0, 13)}Z_${tail}.json.gz`;
    objects.set(key, { bytes: gzipSync(inflated) });
    const times = { newestEventTime: iso(at), oldestEventTime: iso(at) };
    return { s3Bucket: 'trail', s3Object: key, hashValue: hex(inflated), hashAlgorithm: 'SHA-256', ...times };
  });
};

const addDigest = (hour, previous) => {
  const end = START + hour * 3_600_000;
  const key = `AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/${day(end)}/${ACCOUNT}_CloudTrail-Digest_${REGION}_main_${REGION}_${stamp(end)}.json.gz`;
  const inflated = JSON.stringify({
    awsAccountId: ACCOUNT,
    digestStartTime: iso(end - 3_600_000),
    digestEndTime: iso(end),
    digestS3Bucket: 'trail',
    digestS3Object: key,
    digestPublicKeyFingerprint: fingerprint,
    digestSignatureAlgorithm: 'SHA256withRSA',
    newestEventTime: null,
    oldestEventTime: null,
    previousDigestS3Bucket: previous && 'trail',
    previousDigestS3Object: previous && previous.key,
    previousDigestHashValue: previous && hex(previous.inflated),
    previousDigestHashAlgorithm: previous && 'SHA-256',
    previousDigestSignature: previous && previous.signature,
    logFiles: addLogs(hour),
  });
  const signed = `${iso(end)}\ntrail/${key}\n${hex(inflated)}\n${previous ? previous.signature : 'null'}`;
  const signature = sign('sha256', Buffer.from(signed), privateKey).toString('hex');
  objects.set(key, { bytes: gzipSync(inflated), signature });
  return { key, inflated, signature };
};

let last = null;
for (let hour = 1; hour <= HOURS; hour++) last = addDigest(hour, last);
const keys = [...objects.keys()].sort();
const KEY_LIST = JSON.stringify({
  PublicKeyList: [
    {
      Value: der.toString('base64'),
      ValidityStartTime: START / 1000 - 86_400,
      ValidityEndTime: START / 1000 + 30 * 86_400,
      Fingerprint: fingerprint,
    },
  ],
});

const listXml = (query) => {
  const prefix = query.get('prefix') ?? '';
  const versions = query.has('versions');
  const after = query.get(versions ? 'key-marker' : 'marker') ?? '';
  const below = keys.filter((key) => key.startsWith(prefix) && key > after);
  if (query.has('delimiter')) {
    const folders = new Set(below.map((key) => prefix + key.slice(prefix.length).split('/')[0]));
    const items = [...folders].map((name) => `<CommonPrefixes><Prefix>${name}/</Prefix></CommonPrefixes>`).join('');
    return `<ListBucketResult><IsTruncated>false</IsTruncated>${items}</ListBucketResult>`;
  }
  const page = below.slice(0, 1000);
  const more = below.length > page.length;
  const facts = (key) =>
    `<Key>${key}</Key><LastModified>2026-11-23T00:00:00.000Z</LastModified><ETag>"${hex(key).slice(0, 32)}"</ETag><Size>${objects.get(key).bytes.length}</Size>`;
  if (!versions) {
    const items = page.map((key) => `<Contents>${facts(key)}</Contents>`).join('');
    return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${items}</ListBucketResult>`;
  }
  const items = page.map((key) => `<Version>${facts(key)}<VersionId>v1</VersionId></Version>`).join('');
  const next = more ? `<NextKeyMarker>${page.at(-1)}</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>` : '';
  return `<ListVersionsResult><IsTruncated>${more}</IsTruncated>${next}${items}</ListVersionsResult>`;
};

const answer = (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (request.method === 'POST') {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(KEY_LIST);
    return;
  }
  const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
  const object = objects.get(key);
  if (url.searchParams.has('location')) {
    response.writeHead(200).end(`<LocationConstraint>${REGION}</LocationConstraint>`);
  } else if (key === '') response.writeHead(200, { 'content-type': 'application/xml' }).end(listXml(url.searchParams));
  else if (object === undefined) response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
  else {
    const signed = object.signature && {
      'x-amz-meta-signature': object.signature,
      'x-amz-meta-signature-algorithm': 'SHA256withRSA',
    };
    response.writeHead(200, { 'content-length': object.bytes.length, ...signed }).end(object.bytes);
  }
};

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => setTimeout(() => answer(request, response), LATENCY));
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, objects: objects.size }));
