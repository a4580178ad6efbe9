/** What `aws cloudtrail validate-logs` says of the tamperings, beside what is said here; where it is installed. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { collectFrom, withAwsKeys } from '../aws/collect.js';
import { startS3Double } from '../aws/s3-double.js';
import { awsKeys } from './fixtures.js';
import { Bucket, TAMPERINGS } from './tampering.js';

const share = Math.max(0.1, Math.min(1, Number(process.env['COUNTERSIGN_LONG'] ?? 1)));
const step = Math.round(1 / share);
/** From the fifth on, which the CLI passes: a second gzip member. */
const rows = TAMPERINGS.filter((_, i) => i % step === 4 % step);
const installed = spawnSync('aws', ['--version']).status === 0;

withAwsKeys();

/** Exit code and the last line, which counts what is valid. */
const validateLogs = (endpoint: string): Promise<{ readonly status: number | null; readonly said: string }> =>
  new Promise((resolve) => {
    const range = ['--start-time', '2026-11-20T01:00:00Z', '--end-time', '2026-11-20T08:00:00Z'];
    const trail = 'arn:aws:cloudtrail:eu-central-1:111122223333:trail/main';
    const child = spawn(
      'aws',
      ['cloudtrail', 'validate-logs', '--trail-arn', trail, '--s3-bucket', 'trail', ...range],
      {
        env: {
          ...process.env,
          AWS_DEFAULT_REGION: 'eu-central-1',
          AWS_ENDPOINT_URL_S3: endpoint,
          AWS_ENDPOINT_URL_CLOUDTRAIL: endpoint,
        },
      },
    );
    let said = '';
    child.stdout.on('data', (chunk) => (said += String(chunk)));
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    child.on('close', (status) => resolve({ status, said: said.trim().split('\n').slice(-2).join('; ') }));
  });

it(
  installed
    ? `${rows.length} tamperings, and what the AWS CLI says`
    : 'the AWS CLI is not installed: our own verdicts alone',
  async () => {
    const s3 = await startS3Double();
    s3.keys = awsKeys;
    const lines: string[] = [];
    let passed = 0;
    for (const { what, code, exit, change } of rows) {
      const dir = mkdtempSync(join(tmpdir(), 'cs-cli-'));
      change(new Bucket(s3));
      const ours = await collectFrom(s3, dir, '2026-11-20T09:30:00Z');
      rmSync(dir, { recursive: true });
      expect(ours.findings.map((finding) => finding.code)).toContain(code);
      const theirs = installed ? await validateLogs(s3.endpoint) : { status: null, said: 'not installed' };
      if (theirs.status === 0) passed++;
      lines.push(`${what} | ${exit} ${code} | ${theirs.status ?? '-'} ${theirs.said}`);
    }
    await s3.close();
    console.log(['tampering | countersign | aws cloudtrail validate-logs', ...lines].join('\n'));
    expect(lines).toHaveLength(rows.length);
    expect(passed > 0).toBe(installed);
  },
);
