/** What whoever holds the report key too can do to an evidence package, and what a verifier must say of it. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ledger, ofKind, type PackageTampering, type Row, rawFile, replaceRaw, rows } from './package-changes.js';
import { edit, put } from './package-edits.js';
import { LEDGER } from './package-sample.js';
import { SEGMENT } from './sample.js';

export const BY_REPORT_KEY: readonly PackageTampering[] = [
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
