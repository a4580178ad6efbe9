/** What anyone who can write the files can do to an evidence package, and what a verifier must say of it. */
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNoteSigner, signNote } from '../../src/base/note.js';
import { manifestText } from '../../src/base/seal.js';
import {
  altered,
  EXCEPTIONS,
  flipRaw,
  ledger,
  NOTHING_TO_SEAL,
  type PackageTampering,
  POPULATION,
  rows,
  swap,
} from './package-changes.js';
import { edit, flip, link, put } from './package-edits.js';
import { LEDGER } from './package-sample.js';
import { SEGMENT } from './sample.js';

export const BY_ANYONE: readonly PackageTampering[] = [
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
];
