/** A small evidence package with a ledger and a CloudTrail chain, made here from the written formats. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { canonical } from '../../src/base/canonical.js';
import { sha256 } from '../../src/base/digest.js';
import { type Checkpoint, createNoteSigner, parseCheckpoint, parseNote, signNote } from '../../src/base/note.js';
import { manifestText, sealRun } from '../../src/base/seal.js';
import {
  digestSignedBytes,
  keyFingerprint,
  type TrailDigest,
  type TrailDigestLog,
} from '../../src/base/trail-digest.js';
import type { RawObject } from '../../src/model/evidence.js';
import { newKey } from '../ledger/samples.js';
import { put } from './package-edits.js';
import { SEGMENT, sampleLedger, temporary, trustFile } from './sample.js';

const BUCKET = 'example-trail';
const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
const hour = (h: number): string => `2026-11-24T${String(h).padStart(2, '0')}:00:00Z`;
const compact = (time: string): string => time.replaceAll(/[-:]/g, '');

export interface TrailObject {
  readonly object: RawObject;
  readonly bytes: Buffer;
}
export interface SampleTrail {
  readonly objects: readonly TrailObject[];
  /** PKCS#1 DER, base64. */
  readonly publicKey: string;
  readonly fingerprint: string;
}

const rawObject = (kind: RawObject['kind'], key: string, bytes: Buffer, signature: string | null): TrailObject => ({
  object: { sha256: sha256(bytes), bytes: bytes.length, kind, key, signature },
  bytes,
});

const logOf = (h: number): { readonly raw: TrailObject; readonly entry: TrailDigestLog } => {
  const name = `${ACCOUNT}_CloudTrail_${REGION}_${compact(hour(h)).slice(0, 11)}30Z_AbCdEfGhIjKlMnO${h}.json.gz`;
  const key = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/2026/11/24/${name}`;
  const plain = Buffer.from(JSON.stringify({ Records: [{ eventID: `event-${h}` }] }));
  return {
    raw: rawObject('cloudtrail-log', key, gzipSync(plain), null),
    entry: {
      s3Bucket: BUCKET,
      s3Object: key,
      hashValue: sha256(plain),
      hashAlgorithm: 'SHA-256',
      newestEventTime: hour(h),
      oldestEventTime: hour(h),
    },
  };
};

export interface TrailPlan {
  readonly key?: KeyObject;
  /** Last changes to a digest before it is signed. */
  readonly digest?: (digest: TrailDigest, h: number) => TrailDigest;
}

/** Digests of the hours up to 2, 3, 4, 5 and 6 o'clock; a log in each but the first and the last. */
export const sampleTrail = ({ key, digest: adjust = (digest) => digest }: TrailPlan = {}): SampleTrail => {
  const privateKey = key ?? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const publicDer = rsaPublic(privateKey);
  const fingerprint = keyFingerprint(publicDer);
  const objects: TrailObject[] = [];
  let previous: { readonly object: string; readonly hash: string; readonly signature: string } | null = null;
  for (let h = 2; h <= 6; h++) {
    const logs = h > 2 && h < 6 ? [logOf(h - 1)] : [];
    objects.push(...logs.map(({ raw }) => raw));
    const name = `${ACCOUNT}_CloudTrail-Digest_${REGION}_main_${REGION}_${compact(hour(h))}.json.gz`;
    const object = `AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/2026/11/24/${name}`;
    const digest: TrailDigest = adjust(
      {
        awsAccountId: ACCOUNT,
        digestStartTime: hour(h - 1),
        digestEndTime: hour(h),
        digestS3Bucket: BUCKET,
        digestS3Object: object,
        digestPublicKeyFingerprint: fingerprint,
        digestSignatureAlgorithm: 'SHA256withRSA',
        newestEventTime: null,
        oldestEventTime: null,
        previousDigestS3Bucket: previous && BUCKET,
        previousDigestS3Object: previous && previous.object,
        previousDigestHashValue: previous && previous.hash,
        previousDigestHashAlgorithm: previous && 'SHA-256',
        previousDigestSignature: previous && previous.signature,
        logFiles: logs.map(({ entry }) => entry),
      },
      h,
    );
    const plain = Buffer.from(JSON.stringify(digest));
    const signature = sign('sha256', digestSignedBytes(digest, plain), privateKey).toString('hex');
    objects.push(rawObject('cloudtrail-digest', object, gzipSync(plain), signature));
    previous = { object, hash: sha256(plain), signature };
  }
  const keys = Buffer.from(
    JSON.stringify({
      PublicKeyList: [
        {
          Value: publicDer,
          ValidityStartTime: hour(0),
          ValidityEndTime: '2026-12-24T00:00:00Z',
          Fingerprint: fingerprint,
        },
      ],
    }),
  );
  objects.push(rawObject('cloudtrail-public-keys', `public-keys/${REGION}.json`, keys, null));
  return { objects, publicKey: publicDer, fingerprint };
};

const rsaPublic = (privateKey: KeyObject): string => {
  const { n, e } = privateKey.export({ format: 'jwk' });
  const integer = (text: string | undefined): Buffer => {
    const bytes = Buffer.from(text ?? '', 'base64url');
    return derOf(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
  };
  return derOf(0x30, Buffer.concat([integer(n), integer(e)])).toString('base64');
};

/** One DER element with a length of up to two bytes. */
const derOf = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
};

export const putRaw = async (dir: string, objects: readonly TrailObject[]): Promise<void> => {
  for (const { object, bytes } of objects) await put(dir, `raw/${object.sha256.slice(0, 2)}/${object.sha256}`, bytes);
  await put(dir, 'raw/index.ndjson', objects.map(({ object }) => `${JSON.stringify(object)}\n`).join(''));
};

const filesIn = async (dir: string): Promise<readonly string[]> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
};

export interface SamplePackage {
  readonly dir: string;
  readonly reportKey: KeyObject;
  readonly ledgerKey: KeyObject;
  readonly trail: SampleTrail;
  /** Names every key in the package. */
  readonly trust: string;
  /** Also keeps the last checkpoint of the ledger: the package gives 0. */
  readonly keptTrust: string;
}

/** Where the ledger of the sample lies in it. */
export const LEDGER = 'ledger/example.com_mcp_gw-1';

/** What the last checkpoint of the ledger says, whether the records give it or not. */
const lastCheckpoint = (segment: string): Checkpoint => {
  const line = segment.split('\n').findLast((one) => one.startsWith('~')) ?? '';
  return parseCheckpoint(parseNote(String(JSON.parse(line.slice(1)))).text);
};

/** Writes manifest, signature and run anew over what lies in the folder. */
export const seal = async (dir: string, reportKey: KeyObject, over: object = {}): Promise<void> => {
  for (const name of ['manifest.json', 'manifest.sig', 'run.json']) await rm(join(dir, name), { force: true });
  const files = [];
  for (const path of [...(await filesIn(dir))].sort()) {
    const bytes = await readFile(join(dir, path));
    const rows = path.startsWith('csv/') ? { rows: bytes.toString().split('\r\n').length - 2 } : {};
    files.push({ path, bytes: bytes.length, sha256: sha256(bytes), ...rows });
  }
  const segment = await readFile(join(dir, LEDGER, 'log', SEGMENT), 'utf8');
  const { origin, size, root } = lastCheckpoint(segment);
  const { key } = JSON.parse(segment.split('\n')[0] ?? '').d;
  const manifest = {
    v: 1,
    kind: 'countersign-evidence',
    report: 'R1',
    organization: 'Example Inc',
    period: { label: '2026-11-24', from: '2026-11-24T00:00:00.000Z', to: '2026-11-25T00:00:00.000Z' },
    status: 'DRAFT',
    demo: true,
    tool: { name: 'countersign', version: '0.1.0' },
    evidenceRoot: sha256(
      files
        .filter(({ path }) => path !== 'report.pdf' && path !== 'report.html')
        .map((file) => `${file.sha256}  ${file.path}\n`)
        .join(''),
    ),
    ledgers: [{ origin, key, size, root: root.toString('hex') }],
    cloudtrail: { logs: 3, digests: 5 },
    files,
    ...over,
  };
  const text = `${canonical(manifest)}\n`;
  const signer = createNoteSigner('example.com/report', reportKey);
  await put(dir, 'manifest.json', text);
  await put(dir, 'manifest.sig', signNote(manifestText(sha256(text)), [signer]));
  await put(dir, 'run.json', sealRun({ manifest: sha256(text), host: 'laptop', who: 'tester' }, [signer]));
};

/** One exception under a waiver that holds. */
const RESULTS = JSON.stringify({
  v: 1,
  results: [
    {
      control: 'CS-APP-01',
      result: 'exceptions',
      exceptions: [{ item: 'call-1', time: '2026-11-24T05:10:00.000Z', waiver: 'W-1' }],
    },
  ],
  waivers: [
    {
      id: 'W-1',
      scope: { control: 'CS-APP-01', items: null, person: null, what: null },
      reason: 'The tool is replaced in December.',
      requester: 'ada@example.com',
      approver: 'cara@example.com',
      starts: '2026-11-01T00:00:00.000Z',
      expires: '2026-12-01T00:00:00.000Z',
      revoked: null,
    },
  ],
});

const FILES: Readonly<Record<string, string>> = {
  'README.txt': 'How to verify this package.\n',
  'config/countersign.yaml': 'version: 1\npolicies: [policies/files.yaml]\n',
  'config/policies/files.yaml': 'rules:\n  - id: engineers-read\n    effect: allow\n',
  'csv/results.csv': 'control,result\r\nCS-APP-01,exceptions\r\n',
  'report.html': '<!doctype html><title>Evidence</title>',
  'report.pdf': 'not really',
  'results.json': RESULTS,
  'snapshots/index.ndjson': '{"kind":"users"}\n',
  'snapshots/users.csv': 'subject,active\r\nalice,true\r\n',
  'sql/CS-APP-01.exceptions.sql': 'SELECT * FROM approvals WHERE late',
  'sql/CS-APP-01.population.sql': 'SELECT * FROM approvals',
};

export const samplePackage = async (trail: SampleTrail = sampleTrail()): Promise<SamplePackage> => {
  const dir = join(await temporary(), 'package');
  const [ledgerKey, reportKey] = [newKey(), newKey()];
  const ledger = await sampleLedger(ledgerKey);
  await cp(join(ledger.dir, 'log'), join(dir, LEDGER, 'log'), { recursive: true });
  await putRaw(dir, trail.objects);
  for (const [path, text] of Object.entries(FILES)) await put(dir, path, text);
  await seal(dir, reportKey);
  const named = {
    ledgers: [ledger.key],
    reports: [createNoteSigner('example.com/report', reportKey).key],
    cloudtrail: [{ region: REGION, fingerprint: trail.fingerprint, publicKey: trail.publicKey }],
  };
  const { origin, size, root } = lastCheckpoint(await readFile(join(dir, LEDGER, 'log', SEGMENT), 'utf8'));
  const checkpoints = [{ origin, size, root: root.toString('hex') }];
  const [trust, keptTrust] = [await trustFile(named), await trustFile({ ...named, checkpoints })];
  return { dir, reportKey, ledgerKey, trail, trust, keptTrust };
};
