/** What can be done to an evidence package, by whom, and what a verifier must say of it. */
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../../src/base/digest.js';
import { createNoteSigner, signNote } from '../../src/base/note.js';
import { manifestText } from '../../src/base/seal.js';
import { newKey } from '../ledger/samples.js';
import { edit, flip, link, put } from './package-edits.js';
import { LEDGER, putRaw, type SamplePackage, type TrailObject } from './package-sample.js';
import { SEGMENT } from './sample.js';
import { TAMPERINGS } from './tampering.js';

export interface PackageTampering {
  readonly name: string;
  /** Who: anyone who can write the files, or whoever holds the report key too and seals the result anew. */
  readonly by: 'anyone' | 'report key';
  readonly code: string;
  /** Hashes as `<hash>`, objects of CloudTrail as `<object>`, their files as `raw/<file>`. */
  readonly sentence: string;
  /** @param sample of which `dir` is the copy that may be changed */
  readonly change: (sample: SamplePackage) => Promise<void>;
}

type Row = readonly [name: string, code: string, sentence: string, change: PackageTampering['change']];

const rows = (by: PackageTampering['by'], table: readonly Row[]): readonly PackageTampering[] =>
  table.map(([name, code, sentence, change]) => ({ name, by, code, sentence, change }));

/** Does to the ledger in the package what that row of the tamper table says. */
const ledger =
  (name: string): PackageTampering['change'] =>
  async ({ dir, ledgerKey }) => {
    const path = join(dir, LEDGER, 'log', SEGMENT);
    const lines = (await readFile(path, 'utf8')).slice(0, -1).split('\n');
    const row = TAMPERINGS.find((one) => one.name === name);
    if (!row) throw new Error(`no tampering ${name}`);
    const changed = row.change(lines, ledgerKey, newKey());
    await writeFile(path, Buffer.isBuffer(changed) ? changed : changed.map((line) => `${line}\n`).join(''));
  };

const ofKind = ({ trail }: SamplePackage, kind: TrailObject['object']['kind'], nth: number): TrailObject => {
  const found = trail.objects.filter(({ object }) => object.kind === kind).at(nth);
  if (!found) throw new Error(`no ${kind} ${nth}`);
  return found;
};
const rawFile = ({ object }: TrailObject): string => `raw/${object.sha256.slice(0, 2)}/${object.sha256}`;
const flipRaw =
  (kind: TrailObject['object']['kind']): PackageTampering['change'] =>
  (sample) =>
    flip(join(sample.dir, rawFile(ofKind(sample, kind, 1))), 20);

/** Puts an object in the place of another, in the index too. */
const replaceRaw = async (sample: SamplePackage, old: TrailObject, by: Partial<TrailObject>): Promise<void> => {
  const bytes = by.bytes ?? old.bytes;
  const object = { ...(by.object ?? old.object), sha256: sha256(bytes), bytes: bytes.length };
  await rm(join(sample.dir, 'raw'), { recursive: true });
  await putRaw(
    sample.dir,
    sample.trail.objects.map((one) => (one === old ? { object, bytes } : one)),
  );
};

const swap = async (dir: string, a: string, b: string): Promise<void> => {
  await rename(join(dir, a), join(dir, 'aside'));
  await rename(join(dir, b), join(dir, a));
  await rename(join(dir, 'aside'), join(dir, b));
};

const altered = (path: string, how = 'its content was changed'): string =>
  `${path}: ${how} after the manifest was signed.`;

const NOTHING_TO_SEAL = 'manifest.sig signs something else than this package.';
const [POPULATION, EXCEPTIONS] = ['sql/CS-APP-01.population.sql', 'sql/CS-APP-01.exceptions.sql'];

export const PACKAGE_TAMPERINGS: readonly PackageTampering[] = [
  ...rows('anyone', [
    [
      'draft made final',
      'BAD_SIGNATURE',
      NOTHING_TO_SEAL,
      ({ dir }) => edit(join(dir, 'manifest.json'), 'DRAFT', 'FINAL'),
    ],
    [
      'period moved',
      'BAD_SIGNATURE',
      NOTHING_TO_SEAL,
      ({ dir }) => edit(join(dir, 'manifest.json'), '2026-11-25T', '2026-11-26T'),
    ],
    [
      'rows of the manifest',
      'BAD_SIGNATURE',
      NOTHING_TO_SEAL,
      ({ dir }) => edit(join(dir, 'manifest.json'), '"rows":1', '"rows":2'),
    ],
    [
      'manifest not canonical',
      'MANIFEST_INVALID',
      'manifest.json cannot be read: not canonical JSON with a line feed.',
      ({ dir }) => edit(join(dir, 'manifest.json'), '"demo":', '"demo": '),
    ],
    ['manifest removed', 'MISSING_FILE', 'manifest.json is missing.', ({ dir }) => rm(join(dir, 'manifest.json'))],
    [
      'manifest a link',
      'MISSING_FILE',
      'manifest.json is not a file of reasonable size.',
      ({ dir }) => link(dir, 'manifest.json'),
    ],
    ['signature removed', 'MISSING_FILE', 'manifest.sig is missing.', ({ dir }) => rm(join(dir, 'manifest.sig'))],
    [
      'signature bytes of another manifest',
      'BAD_SIGNATURE',
      'manifest.sig bears a signature of a trusted key that is not valid.',
      async ({ dir, reportKey }) => {
        const path = join(dir, 'manifest.sig');
        const own = await readFile(path, 'utf8');
        const other = signNote(manifestText('0'.repeat(64)), [createNoteSigner('example.com/report', reportKey)]);
        await writeFile(path, own.slice(0, own.indexOf('—')) + other.slice(other.indexOf('—')));
      },
    ],
    [
      'host in run.json',
      'BAD_SIGNATURE',
      'run.json signs something else than this package.',
      ({ dir }) => edit(join(dir, 'run.json'), 'laptop', 'server'),
    ],
    [
      'run.json of another manifest',
      'RUN_INVALID',
      'run.json does not verify: it belongs to another manifest.',
      ({ dir }) => edit(join(dir, 'run.json'), /"manifest":"[0-9a-f]{8}/, '"manifest":"00000000'),
    ],
    [
      'cell of a table',
      'FILE_ALTERED',
      altered('csv/results.csv'),
      ({ dir }) => edit(join(dir, 'csv/results.csv'), 'CS-APP-01', 'CS-APP-02'),
    ],
    [
      'row added to a table',
      'FILE_ALTERED',
      'csv/results.csv: 63 bytes, not 38: it was changed after the manifest was signed.',
      ({ dir }) => edit(join(dir, 'csv/results.csv'), /$/, 'CS-APP-02,no_exceptions\r\n'),
    ],
    [
      'results.json',
      'FILE_ALTERED',
      'results.json: its content was changed after the manifest was signed.',
      ({ dir }) => edit(join(dir, 'results.json'), 'call-1', 'call-2'),
    ],
    ['report.pdf', 'FILE_ALTERED', altered('report.pdf'), ({ dir }) => flip(join(dir, 'report.pdf'), 3)],
    ['report.html', 'FILE_ALTERED', altered('report.html'), ({ dir }) => flip(join(dir, 'report.html'), 30)],
    ['README.txt', 'FILE_ALTERED', altered('README.txt'), ({ dir }) => flip(join(dir, 'README.txt'), 0)],
    [
      'configuration',
      'FILE_ALTERED',
      altered('config/policies/files.yaml', '47 bytes, not 48: it was changed'),
      ({ dir }) => edit(join(dir, 'config/policies/files.yaml'), 'allow', 'deny'),
    ],
    [
      'query',
      'FILE_ALTERED',
      'sql/CS-APP-01.population.sql: 35 bytes, not 23: it was changed after the manifest was signed.',
      ({ dir }) => edit(join(dir, POPULATION), /$/, ' WHERE false'),
    ],
    [
      'queries exchanged',
      'FILE_ALTERED',
      'sql/CS-APP-01.exceptions.sql: 23 bytes, not 34: it was changed after the manifest was signed.',
      ({ dir }) => swap(dir, POPULATION, EXCEPTIONS),
    ],
    [
      'register of the organisation',
      'FILE_ALTERED',
      'snapshots/users.csv: 29 bytes, not 28: it was changed after the manifest was signed.',
      ({ dir }) => edit(join(dir, 'snapshots/users.csv'), 'true', 'false'),
    ],
    [
      'index of registers emptied',
      'FILE_ALTERED',
      'snapshots/index.ndjson: 0 bytes, not 17: it was changed after the manifest was signed.',
      ({ dir }) => put(dir, 'snapshots/index.ndjson', ''),
    ],
    ['CloudTrail log', 'FILE_ALTERED', altered('raw/<file>'), flipRaw('cloudtrail-log')],
    ['CloudTrail digest', 'FILE_ALTERED', altered('raw/<file>'), flipRaw('cloudtrail-digest')],
    [
      'CloudTrail index without its first line',
      'FILE_ALTERED',
      'raw/index.ndjson: 4198 bytes, not 5000: it was changed after the manifest was signed.',
      ({ dir }) => edit(join(dir, 'raw/index.ndjson'), /^.*\n/, ''),
    ],
    [
      'ledger record',
      'ROOT_MISMATCH',
      `${LEDGER}/log/${SEGMENT}, record 1, byte 506: the line at byte 1960 is a checkpoint whose signed root the records do not give: record 1 was changed.`,
      ledger('edit-record'),
    ],
    [
      'ledger checkpoint',
      'BAD_SIGNATURE',
      `${LEDGER}/log/${SEGMENT}, record 0, byte 0: the line at byte 310 is a checkpoint that the key of the ledger did not sign.`,
      ledger('edit-root'),
    ],
    [
      'payload of the ledger',
      'PAYLOAD_ALTERED',
      `${LEDGER}/log/${SEGMENT}, record 1, byte 506: the line at byte 1666 holds a payload "args" of record 1 that is not the one the record names.`,
      ledger('edit-payload'),
    ],
    [
      'ledger cut in its last line',
      'FILE_ALTERED',
      `${LEDGER}/log/${SEGMENT}: 9051 bytes, not 9071: it was changed after the manifest was signed.`,
      ledger('torn-last-line'),
    ],
    [
      'file removed',
      'MISSING_FILE',
      'snapshots/users.csv is in the manifest and missing.',
      ({ dir }) => rm(join(dir, 'snapshots/users.csv')),
    ],
    [
      'file added',
      'EXTRA_FILE',
      'csv/more.csv is not in the manifest.',
      ({ dir }) => put(dir, 'csv/more.csv', 'a\r\n'),
    ],
    ['hidden file added', 'EXTRA_FILE', 'raw/.note is not in the manifest.', ({ dir }) => put(dir, 'raw/.note', 'x')],
    [
      'trust file planted',
      'EXTRA_FILE',
      'trust.json is not in the manifest.',
      ({ dir }) => put(dir, 'trust.json', '{}'),
    ],
    [
      'file renamed',
      'EXTRA_FILE',
      'sql/CS-APP-02.sql is not in the manifest.',
      ({ dir }) => rename(join(dir, POPULATION), join(dir, 'sql/CS-APP-02.sql')),
    ],
    [
      'name in other case',
      'MISSING_FILE',
      'README.txt is in the manifest and missing.',
      ({ dir }) => rename(join(dir, 'README.txt'), join(dir, 'readme.txt')),
    ],
    [
      'empty folder added',
      'EXTRA_FILE',
      'raw/later/ is an empty folder; a package holds none.',
      async ({ dir }) => {
        await mkdir(join(dir, 'raw/later'));
      },
    ],
    [
      'link to the same bytes',
      'NOT_A_FILE',
      'results.json is a link or no plain file; a package holds none.',
      ({ dir }) => link(dir, 'results.json'),
    ],
    [
      'link added',
      'NOT_A_FILE',
      'more is a link or no plain file; a package holds none.',
      ({ dir }) => symlink('/etc', join(dir, 'more')),
    ],
    [
      'ledger removed',
      'MISSING_FILE',
      `${LEDGER}/log/${SEGMENT} is in the manifest and missing.`,
      ({ dir }) => rm(join(dir, 'ledger'), { recursive: true }),
    ],
    [
      'second ledger added',
      'LEDGER_EXTRA',
      'ledger/example.com_mcp_gw-2/ is not in the manifest.',
      async ({ dir }) => {
        const segment = await readFile(join(dir, LEDGER, 'log', SEGMENT));
        await put(dir, `ledger/example.com_mcp_gw-2/log/${SEGMENT}`, segment);
      },
    ],
  ]),
  ...rows('report key', [
    ...(
      [
        [
          'the approver of a waiver is its requester',
          'the waiver W-1 was approved by its requester.',
          ['cara@example.com', 'Ada@example.com'],
        ],
        [
          'a waiver taken out',
          'the exception CS-APP-01 call-1 names the waiver W-1, which the package does not hold.',
          ['"id":"W-1"', '"id":"W-2"'],
        ],
        [
          'a waiver of another control',
          'the exception CS-APP-01 call-1 is under W-1, a waiver of CS-NET-01.',
          ['"scope":{"control":"CS-APP-01"', '"scope":{"control":"CS-NET-01"'],
        ],
        [
          'a waiver that had ended',
          'the exception CS-APP-01 call-1 is under W-1, which was not in force then.',
          ['2026-12-01T00:00:00', '2026-11-24T05:10:00'],
        ],
      ] as const
    ).map(
      ([name, sentence, [from, to]]): Row => [
        name,
        'WAIVER_INVALID',
        `results.json: ${sentence}`,
        ({ dir }) => edit(join(dir, 'results.json'), from, to),
      ],
    ),
    [
      'results that are no results',
      'RESULTS_INVALID',
      'results.json cannot be read: results is not a list.',
      ({ dir }) => edit(join(dir, 'results.json'), '"results":[', '"others":['),
    ],
  ]),
  ...rows('report key', [
    [
      'record, sealed anew',
      'ROOT_MISMATCH',
      `${LEDGER}/log/${SEGMENT}, record 1, byte 506: the line at byte 1960 is a checkpoint whose signed root the records do not give: record 1 was changed.`,
      ledger('edit-record'),
    ],
    [
      'record, with the ledger key too',
      'ANCHOR_MISMATCH',
      `${LEDGER}: its first 9 records do not give the root <hash> that the trust file confirmed: one of them was changed since.`,
      ledger('limit-edit-with-live-key'),
    ],
    [
      'last records dropped',
      'TRUNCATED',
      `${LEDGER}: ends after 7 records, but the trust file confirmed 9.`,
      ledger('limit-last-batch-dropped'),
    ],
    [
      'outcome taken out, with the ledger key too',
      'COUNTER_MISMATCH',
      `${LEDGER}: record 6: the heartbeat counts other records than stand before it.`,
      ledger('result-removed-live-key'),
    ],
    [
      'payloads left out',
      'PAYLOAD_MISSING',
      `${LEDGER}/log/${SEGMENT}, record 1, byte 506: the line at byte 1666 stands where the payload "args" of record 1 belongs, which is missing.`,
      ledger('delete-all-payloads'),
    ],
    [
      'file in log/',
      'STRAY_FILE',
      `${LEDGER}/log/notes.txt is not a segment file; nothing else belongs in log/.`,
      ({ dir }) => put(dir, `${LEDGER}/log/notes.txt`, 'x'),
    ],
    [
      'log of CloudTrail rewritten',
      'LOG_ALTERED',
      'CloudTrail log <object> does not verify: its content is not what its digest names.',
      (sample) => replaceRaw(sample, ofKind(sample, 'cloudtrail-log', 0), { bytes: gzipSync('{"Records":[]}') }),
    ],
    [
      'second gzip member behind a log',
      'LOG_ALTERED',
      'CloudTrail log <object> does not verify: it is not one whole gzip member.',
      (sample) => {
        const log = ofKind(sample, 'cloudtrail-log', 0);
        return replaceRaw(sample, log, { bytes: Buffer.concat([log.bytes, gzipSync('{}')]) });
      },
    ],
    [
      'log planted',
      'RAW_COUNT',
      'the manifest says 3 CloudTrail logs and 5 digests; raw/index.ndjson names others.',
      async ({ dir }) => {
        const lines = await readFile(join(dir, 'raw/index.ndjson'), 'utf8');
        const log = lines.split('\n').find((line) => line.includes('cloudtrail-log')) ?? '';
        await put(dir, 'raw/index.ndjson', `${lines}${log}\n`);
      },
    ],
    [
      'digest rewritten',
      'DIGEST_INVALID',
      'CloudTrail digest <object> does not verify: logFiles is not a list.',
      (sample) => replaceRaw(sample, ofKind(sample, 'cloudtrail-digest', 1), { bytes: gzipSync('{}') }),
    ],
    [
      'object of CloudTrail left out',
      'RAW_OBJECT',
      'raw/<file> (<object>) is not the object that raw/index.ndjson names.',
      (sample) => rm(join(sample.dir, rawFile(ofKind(sample, 'cloudtrail-log', 0)))),
    ],
    [
      'index of CloudTrail no index',
      'RAW_INDEX',
      'raw/index.ndjson cannot be read: a JSON value is expected at byte 0.',
      ({ dir }) => put(dir, 'raw/index.ndjson', 'x\n'),
    ],
    [
      'CloudTrail left out',
      'RAW_COUNT',
      'the manifest says 3 CloudTrail logs and 5 digests; raw/index.ndjson names others.',
      async ({ dir }) => {
        for (const name of await readdir(join(dir, 'raw'))) await rm(join(dir, 'raw', name), { recursive: true });
      },
    ],
  ]),
];
