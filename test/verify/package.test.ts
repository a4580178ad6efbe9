import { generateKeyPairSync } from 'node:crypto';
import { cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/base/digest.js';
import { createNoteSigner, signNote } from '../../src/base/note.js';
import { manifestText } from '../../src/base/seal.js';
import type { Verification } from '../../src/model/evidence.js';
import { verifyPath } from '../../src/verify/verify.js';
import { newKey } from '../ledger/samples.js';
import { edit, flip, link, put } from './package-edits.js';
import {
  putRaw,
  type SamplePackage,
  type SampleTrail,
  samplePackage,
  sampleTrail,
  seal,
  type TrailObject,
} from './package-sample.js';
import { temporary, trustFile } from './sample.js';

let sample: SamplePackage;
let trail: SampleTrail;
beforeAll(async () => {
  trail = sampleTrail();
  sample = await samplePackage(trail);
});

const codes = ({ findings }: Verification): readonly string[] =>
  findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);

/** Verifies a copy after a change. */
const after = async (change: (dir: string) => Promise<void>, resealed = false): Promise<Verification> => {
  const dir = join(await temporary(), 'copy');
  await cp(sample.dir, dir, { recursive: true });
  await change(dir);
  if (resealed) await seal(dir, sample.reportKey);
  return verifyPath(dir, { trust: sample.trust });
};

test('with everything in the trust file, only the un-anchored window is not established', async () => {
  const verification = await verifyPath(sample.dir, { trust: sample.trust });
  expect(codes(verification)).toEqual(['NOT_ANCHORED']);
  expect(verification.exit).toBe(13);
  const said = verification.established.join('\n');
  for (const words of [
    'manifest.sig is signed by',
    'run.json is signed by',
    'all ',
    'records 0 to 8',
    '5 CloudTrail digests are signed by keys that the trust file names',
    '3 CloudTrail logs',
  ]) {
    expect(said).toContain(words);
  }
});

test('without a trust file each thing not established is named', async () => {
  const verification = await verifyPath(sample.dir);
  expect(verification.exit).toBe(13);
  expect(codes(verification)).toEqual([
    'REPORT_SIGNER_UNKNOWN',
    'REPORT_SIGNER_UNKNOWN',
    'LEDGER_SIGNER_UNKNOWN',
    'NOT_ANCHORED',
    'DIGEST_AUTHORSHIP',
  ]);
  expect(verification.findings.at(-1)?.message).toBe('AWS authorship of 5 digests not established.');
});

test('progress is told, up to the end of each part', async () => {
  const seen = new Map<string, boolean>();
  await verifyPath(sample.dir, {
    trust: sample.trust,
    onProgress: ({ what, done, total }) => seen.set(what, done === total || total - done === 1),
  });
  expect([...seen]).toEqual([
    ['files', true],
    ['ledger/example.com_mcp_gw-1/log/0000000000000000.jsonl', true],
    ['CloudTrail', true],
  ]);
});

describe('rows of tables', () => {
  const counted = async (change: (entry: Record<string, unknown>) => void): Promise<Verification> =>
    after(async (dir) => {
      const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8'));
      for (const entry of manifest.files) change(entry);
      await seal(dir, sample.reportKey, { files: manifest.files });
    });

  test('are counted again, and told', async () => {
    const { established } = await verifyPath(sample.dir);
    expect(established).toContain('the tables in csv/ hold the rows that the manifest counts: 1 in all.');
  });

  test('that are not as many as the manifest counts are named, whoever signed it', async () => {
    const verification = await counted((entry) => 'rows' in entry && Object.assign(entry, { rows: 2 }));
    expect(codes(verification)).toContain('ROWS_DIFFER');
    expect(verification.findings.find(({ code }) => code === 'ROWS_DIFFER')?.message).toBe(
      'csv/results.csv has 1 rows; the manifest counts 2.',
    );
    expect(verification.exit).toBe(12);
  });

  test.each([
    ['a table without a count', (entry: Record<string, unknown>) => delete entry['rows']],
    ['a count of what is no table', (entry: Record<string, unknown>) => Object.assign(entry, { rows: 1 })],
    ['a count below none', (entry: Record<string, unknown>) => 'rows' in entry && Object.assign(entry, { rows: -1 })],
  ])('%s is refused', async (_what, change) => {
    const verification = await counted(change);
    expect(codes(verification)).toContain('MANIFEST_INVALID');
    expect(verification.exit).toBe(12);
  });
});

describe('files', () => {
  const cases: readonly [string, string, (dir: string) => Promise<void>][] = [
    ['a flipped byte', 'FILE_ALTERED', async (dir) => flip(join(dir, 'csv', 'results.csv'), 3)],
    ['a byte more', 'FILE_ALTERED', async (dir) => writeFile(join(dir, 'results.json'), '[] ')],
    ['the report changed', 'FILE_ALTERED', async (dir) => flip(join(dir, 'report.pdf'), 0)],
    ['a file missing', 'MISSING_FILE', async (dir) => rm(join(dir, 'results.json'))],
    ['a file more', 'EXTRA_FILE', async (dir) => put(dir, 'csv/more.csv', 'x')],
    ['a trust file planted', 'EXTRA_FILE', async (dir) => put(dir, 'trust.json', '{}')],
    ['a link in place of a file', 'NOT_A_FILE', async (dir) => link(dir, 'results.json')],
    ['a link more', 'NOT_A_FILE', async (dir) => symlink('/etc/passwd', join(dir, 'csv', 'link'))],
    ['a linked folder', 'NOT_A_FILE', async (dir) => symlink('/etc', join(dir, 'more'))],
    ['manifest missing', 'MISSING_FILE', async (dir) => rm(join(dir, 'manifest.json'))],
    ['signature missing', 'MISSING_FILE', async (dir) => rm(join(dir, 'manifest.sig'))],
    ['manifest changed', 'BAD_SIGNATURE', async (dir) => edit(join(dir, 'manifest.json'), 'DRAFT', 'FINAL')],
    [
      'manifest not canonical',
      'MANIFEST_INVALID',
      async (dir) => edit(join(dir, 'manifest.json'), '"demo":', '"demo": '),
    ],
    ['manifest no JSON', 'MANIFEST_INVALID', async (dir) => writeFile(join(dir, 'manifest.json'), 'x')],
    ['signature no note', 'BAD_SIGNATURE', async (dir) => writeFile(join(dir, 'manifest.sig'), 'x')],
    ['signature changed', 'BAD_SIGNATURE', async (dir) => changeSignature(join(dir, 'manifest.sig'))],
    ['run changed', 'BAD_SIGNATURE', async (dir) => edit(join(dir, 'run.json'), 'laptop', 'server')],
    [
      'run of another manifest',
      'RUN_INVALID',
      async (dir) => edit(join(dir, 'run.json'), /"manifest":"[0-9a-f]{8}/, '"manifest":"00000000'),
    ],
    ['run without signature', 'RUN_INVALID', async (dir) => writeFile(join(dir, 'run.json'), '{}\n')],
    [
      'ledger changed',
      'ROOT_MISMATCH',
      async (dir) =>
        edit(join(dir, 'ledger/example.com_mcp_gw-1/log/0000000000000000.jsonl'), 'read_file', 'read_fool'),
    ],
    ['raw object changed', 'FILE_ALTERED', async (dir) => flip(join(dir, rawPath(0)), 30)],
  ];
  test.each(cases)('%s: %s', async (_name, code, change) => {
    const verification = await after(change);
    expect(codes(verification)).toContain(code);
    expect(verification.exit).toBe(12);
  });

  test('without run.json: incomplete', async () => {
    const verification = await after((dir) => rm(join(dir, 'run.json')));
    expect([verification.exit, codes(verification)]).toEqual([11, ['MISSING_FILE', 'NOT_ANCHORED']]);
  });

  test('signed by another report key', async () => {
    const dir = join(await temporary(), 'copy');
    await cp(sample.dir, dir, { recursive: true });
    await seal(dir, newKey());
    const verification = await verifyPath(dir, { trust: sample.trust });
    expect([verification.exit, codes(verification)[0]]).toEqual([13, 'REPORT_SIGNER_UNKNOWN']);
  });
});

describe('manifests by the holder of the report key', () => {
  const cases: readonly [string, string, object][] = [
    [
      'another root',
      'LEDGER_DIFFERS',
      { ledgers: [{ origin: 'example.com/mcp/gw-1', key: 'k', size: 9, root: '0'.repeat(64) }] },
    ],
    ['no ledger listed', 'LEDGER_EXTRA', { ledgers: [] }],
    [
      'a ledger that is not there',
      'LEDGER_DIFFERS',
      { ledgers: [{ origin: 'example.com/none', key: 'k', size: 9, root: '0'.repeat(64) }] },
    ],
    [
      'an origin that leads elsewhere',
      'MANIFEST_INVALID',
      { ledgers: [{ origin: '..', key: 'k', size: 9, root: '0'.repeat(64) }] },
    ],
    ['another evidence root', 'EVIDENCE_ROOT', { evidenceRoot: '0'.repeat(64) }],
    ['other counts', 'RAW_COUNT', { cloudtrail: { logs: 4, digests: 5 } }],
    ['a path out of the package', 'MANIFEST_INVALID', { files: [{ path: '../x', bytes: 1, sha256: '0'.repeat(64) }] }],
    ['an unknown field', 'MANIFEST_INVALID', { more: 1 }],
  ];
  test.each(cases)('%s: %s', async (_name, code, over) => {
    const dir = join(await temporary(), 'copy');
    await cp(sample.dir, dir, { recursive: true });
    await seal(dir, sample.reportKey, over);
    const verification = await verifyPath(dir, { trust: sample.trust });
    expect(codes(verification)).toContain(code);
    expect(verification.exit).toBe(12);
  });

  test('a ledger that the trust file expects and the package lacks', async () => {
    const trust = JSON.parse(await readFile(sample.trust, 'utf8'));
    const more = createNoteSigner('example.com/mcp/gw-2', newKey()).key;
    const file = await trustFile({ ...trust, ledgers: [...trust.ledgers, more] });
    const verification = await verifyPath(sample.dir, { trust: file });
    expect([verification.exit, codes(verification)]).toEqual([11, ['NOT_ANCHORED', 'LEDGER_ABSENT']]);
  });
});

const isLog = ({ object }: TrailObject): boolean => object.kind === 'cloudtrail-log';
const isDigest = ({ object }: TrailObject): boolean => object.kind === 'cloudtrail-digest';
const rawPath = (index: number): string => {
  const hash = trail.objects[index]?.object.sha256 ?? '';
  return `raw/${hash.slice(0, 2)}/${hash}`;
};

describe('CloudTrail, in packages that are otherwise in order', () => {
  /** Puts other objects in and seals again. */
  const withTrail = async (objects: readonly TrailObject[], trust = sample.trust): Promise<Verification> => {
    const dir = join(await temporary(), 'copy');
    await cp(sample.dir, dir, { recursive: true });
    await rm(join(dir, 'raw'), { recursive: true });
    await putRaw(dir, objects);
    const counts = { logs: objects.filter(isLog).length, digests: objects.filter(isDigest).length };
    await seal(dir, sample.reportKey, { cloudtrail: counts });
    return verifyPath(dir, { trust });
  };
  const replace = (
    index: number,
    bytes: Buffer,
    from: readonly TrailObject[] = trail.objects,
  ): readonly TrailObject[] =>
    from.map((raw, i) =>
      i === index ? { object: { ...raw.object, sha256: sha256(bytes), bytes: bytes.length }, bytes } : raw,
    );
  const without = (index: number): readonly TrailObject[] => trail.objects.filter((_, i) => i !== index);
  const indexesOf = (kind: (raw: TrailObject) => boolean): readonly number[] =>
    trail.objects.flatMap((raw, i) => (kind(raw) ? [i] : []));
  const nth = (kind: (raw: TrailObject) => boolean, n: number): number => indexesOf(kind).at(n) ?? -1;

  test('a log changed', async () => {
    const verification = await withTrail(replace(nth(isLog, 0), gzipSync('{"Records":[]}')));
    expect([verification.exit, codes(verification)]).toEqual([12, ['NOT_ANCHORED', 'LOG_ALTERED']]);
  });

  test('a second gzip member after a log', async () => {
    const log = trail.objects[nth(isLog, 0)]?.bytes ?? Buffer.alloc(0);
    expect(codes(await withTrail(replace(nth(isLog, 0), Buffer.concat([log, gzipSync('{}')]))))).toContain(
      'LOG_ALTERED',
    );
  });

  test('a log missing', async () => {
    const verification = await withTrail(without(nth(isLog, 1)));
    expect([verification.exit, codes(verification)]).toEqual([11, ['NOT_ANCHORED', 'LOG_MISSING']]);
  });

  test('a log planted where digests cover its time, and one after the last digest', async () => {
    const plant = (time: string): TrailObject => {
      const bytes = gzipSync(`{"Records":[{"eventID":"${time}"}]}`);
      const key = `AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/24/111122223333_CloudTrail_eu-central-1_20261124T${time}Z_AAAAAAAAAAAAAAAA.json.gz`;
      return {
        object: { sha256: sha256(bytes), bytes: bytes.length, kind: 'cloudtrail-log', key, signature: null },
        bytes,
      };
    };
    const planted = await withTrail([...trail.objects, plant('0345')]);
    expect([planted.exit, codes(planted)]).toEqual([12, ['NOT_ANCHORED', 'LOG_IN_NO_DIGEST']]);
    const late = await withTrail([...trail.objects, plant('0610')]);
    expect([late.exit, codes(late)]).toEqual([13, ['NOT_ANCHORED', 'LOG_NOT_COVERED']]);
  });

  test('a digest changed after it was signed', async () => {
    const index = nth(isDigest, 1);
    const plain = Buffer.from(
      (await import('node:zlib'))
        .gunzipSync(trail.objects[index]?.bytes ?? '')
        .toString()
        .replace('T02:00:00Z', 'T02:00:01Z'),
    );
    const verification = await withTrail(replace(index, gzipSync(plain)));
    expect(verification.exit).toBe(12);
    expect(codes(verification)).toContain('DIGEST_INVALID');
  });

  test.each([1, 2, 3])('digest %i of five missing', async (n) => {
    const verification = await withTrail(without(nth(isDigest, n)));
    expect(verification.exit).toBe(n === 1 || n === 2 || n === 3 ? 11 : 13);
    expect(codes(verification)).toContain('DIGEST_GAP');
  });

  test('a digest moved', async () => {
    const index = nth(isDigest, 1);
    const moved = trail.objects.map((raw, i) =>
      i === index ? { ...raw, object: { ...raw.object, key: raw.object.key.replace('T03', 'T13') } } : raw,
    );
    expect((await withTrail(moved)).exit).toBe(12);
  });

  test('a chain that begins anew in the middle', async () => {
    const anew = sampleTrail({
      key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      digest: (digest, h) =>
        h === 4
          ? {
              ...digest,
              previousDigestS3Bucket: null,
              previousDigestS3Object: null,
              previousDigestHashValue: null,
              previousDigestHashAlgorithm: null,
              previousDigestSignature: null,
            }
          : digest,
    });
    const verification = await withTrail(anew.objects);
    expect([verification.exit, codes(verification)]).toEqual([
      11,
      ['NOT_ANCHORED', 'DIGEST_RESTARTED', 'DIGEST_AUTHORSHIP'],
    ]);
  });

  test('digests of another key than the trusted one, under its fingerprint', async () => {
    const forged = sampleTrail({ digest: (digest) => ({ ...digest, digestPublicKeyFingerprint: trail.fingerprint }) });
    const verification = await withTrail(forged.objects);
    expect(verification.exit).toBe(12);
    expect(codes(verification)).toContain('DIGEST_INVALID');
  });

  test('a trusted key of another Region establishes nothing', async () => {
    const file = await trustFile({
      ...JSON.parse(await readFile(sample.trust, 'utf8')),
      cloudtrail: [{ region: 'us-east-1', fingerprint: trail.fingerprint, publicKey: trail.publicKey }],
    });
    const verification = await withTrail(trail.objects, file);
    expect([verification.exit, codes(verification)]).toEqual([13, ['NOT_ANCHORED', 'DIGEST_AUTHORSHIP']]);
  });

  test('no CloudTrail at all is a note', async () => {
    const verification = await withTrail([]);
    expect([verification.exit, verification.findings.map(({ code }) => code)]).toEqual([
      13,
      ['NOT_ANCHORED', 'RAW_ABSENT'],
    ]);
  });

  test('an index that names what is not there, or is no index', async () => {
    const missing = await after((dir) => rm(join(dir, rawPath(0))), true);
    expect(codes(missing)).toContain('RAW_OBJECT');
    const broken = await after((dir) => put(dir, 'raw/index.ndjson', 'x\n'), true);
    expect(codes(broken)).toContain('RAW_INDEX');
    expect([missing.exit, broken.exit]).toEqual([12, 12]);
  });
});

/** A signature over something else, by the right name and key id. */
const changeSignature = async (path: string): Promise<void> => {
  const note = await readFile(path, 'utf8');
  const text = manifestText(/[0-9a-f]{64}/.exec(note)?.[0] ?? '');
  const wrong = signNote(manifestText('0'.repeat(64)), [createNoteSigner('example.com/report', sample.reportKey)]);
  await writeFile(path, `${text}\n${wrong.slice(wrong.indexOf('—'))}`);
};

test('the sample itself holds what these tests take from it', async () => {
  expect((await readdir(join(sample.dir, 'raw'))).length).toBeGreaterThan(5);
});
