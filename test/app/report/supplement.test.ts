/** What a period must be, and what becomes of a report when logs come late. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsOfDays } from '../../../src/app/report/empty-days.js';
import { parsePeriod, type ReportSummary, report } from '../../../src/app/report.js';
import { sha256 } from '../../../src/base/digest.js';
import { collectCloudTrailFolder } from '../../../src/collect/cloudtrail/files.js';
import { parseManifest } from '../../../src/verify/manifest.js';
import { verifyPath } from '../../../src/verify/verify.js';
import { pdfPages } from '../../report/pdf-text.js';
import { makeWorld, START, type World } from './world.js';

const HOUR = 3_600_000;

let world: World;
/** Each part has its own: the clock of a ledger must not go back. */
const ownWorld = (): void => {
  beforeAll(async () => {
    world = await makeWorld();
  });
  afterAll(() => world.remove());
};

const make = (period: string, at: number, settings = world.settings): Promise<ReportSummary> => {
  world.clock.at = at;
  return report({ settings, period: parsePeriod(period), version: '0.1.0', clock: world.clock, environment: {} });
};

const text = (made: ReportSummary, path: string): string => readFileSync(join(made.dir, path), 'utf8');

/** A log that AWS delivered late, with an event that no recorded call explains. */
const deliverLate = async (): Promise<void> => {
  const folder = join(world.dir, 'late/AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/24');
  mkdirSync(folder, { recursive: true });
  const event = {
    eventVersion: '1.11',
    eventID: '11111111-0000-4000-8000-00000000000a',
    eventTime: '2026-11-24T05:30:00Z',
    eventSource: 'ec2.amazonaws.com',
    eventName: 'TerminateInstances',
    awsRegion: 'eu-central-1',
    recipientAccountId: '111122223333',
    userIdentity: {
      type: 'AssumedRole',
      arn: 'arn:aws:sts::111122223333:assumed-role/mcp-cloud/mallory',
      accountId: '111122223333',
      sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/mcp-cloud', type: 'Role' } },
    },
  };
  const name = '111122223333_CloudTrail_eu-central-1_20261124T0655Z_LateLateLateLate.json.gz';
  writeFileSync(join(folder, name), gzipSync(JSON.stringify({ Records: [event] })));
  await collectCloudTrailFolder({ from: join(world.dir, 'late'), dataDir: world.settings.gateway.dataDir });
};

describe('logs that come after the final report', () => {
  ownWorld();
  let final: ReportSummary;
  let before: string;
  let next: ReportSummary;
  beforeAll(async () => {
    final = await make('2026-11-24T05', START + 72 * HOUR);
    before = text(final, 'manifest.json');
    await deliverLate();
    next = await make('2026-11-24T05', START + 80 * HOUR);
  }, 120_000);

  it('are in a supplement that names the final one, which stays as it was', () => {
    expect(final.status).toBe('FINAL');
    expect(next.dir).toBe(`${final.dir}.r2`);
    expect(text(final, 'manifest.json')).toBe(before);
    const manifest = parseManifest(Buffer.from(text(next, 'manifest.json')));
    expect(manifest.revises).toEqual({ report: 'CS-2026-11-24T05Z-01', manifest: sha256(before) });
    expect(parseManifest(Buffer.from(before)).revises).toBeUndefined();
  });

  it('and what differs is listed, and said on the cover and in README.txt', () => {
    expect(text(next, 'csv/supplement.csv').split('\r\n').slice(0, 2)).toEqual([
      'kind,id,before,now',
      'result,CS-NET-01,exceptions (2),exceptions (3)',
    ]);
    expect(text(next, 'csv/supplement.csv')).toContain('log,AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/24/');
    const [cover = ''] = pdfPages(readFileSync(next.pdf));
    const said = 'It supplements CS-2026-11-24T05Z-01';
    expect(cover).toContain(said);
    expect(cover.replaceAll(/\s+/g, ' ')).toContain('1 log file came since and the results of CS-NET-01 differ');
    expect(text(next, 'README.txt')).toContain(said);
  });

  it('and verification says which report it supplements', async () => {
    const { findings } = await verifyPath(next.dir);
    const note = findings.find(({ code }) => code === 'SUPPLEMENT');
    expect(note).toMatchObject({ severity: 'note' });
    expect(note?.message).toContain(sha256(before));
    expect(findings.filter(({ severity }) => severity === 'integrity')).toEqual([]);
  });

  it('a final report says until when they may come', () => {
    const [cover = ''] = pdfPages(readFileSync(final.pdf));
    expect(cover.replaceAll(/\s+/g, ' ')).toContain('AWS may repeat deliveries until 24 December 2026');
    expect(existsSync(join(final.dir, 'csv/supplement.csv'))).toBe(false);
  });

  it('where the final one cannot be read any more, none is made', async () => {
    const outDir = join(world.dir, 'unreadable');
    mkdirSync(join(outDir, '2026-11-24T05Z'), { recursive: true });
    writeFileSync(join(outDir, '2026-11-24T05Z/manifest.json'), '{');
    const settings = { ...world.settings, evidence: { ...world.settings.evidence, outDir } };
    await expect(make('2026-11-24T05', START + 80 * HOUR, settings)).rejects.toMatchObject({ code: 'PACKAGE_UNSOUND' });
    expect(readdirSync(outDir)).toEqual(['2026-11-24T05Z']);
  });
});

describe('a period', () => {
  ownWorld();
  const elsewhere = (name: string) => ({
    ...world.settings,
    evidence: { ...world.settings.evidence, outDir: join(world.dir, name) },
  });

  it('that has not begun is refused, and nothing is written', async () => {
    await expect(make('2026-11-25', START, elsewhere('future'))).rejects.toMatchObject({
      code: 'PERIOD_INVALID',
      exit: 2,
    });
    expect(existsSync(join(world.dir, 'future'))).toBe(false);
  });

  it('that is not over is a draft, and says when it ends', async () => {
    const made = await make('2026-11-24', START + 2 * HOUR, elsewhere('running'));
    expect(made.status).toBe('DRAFT');
    const [cover = ''] = pdfPages(readFileSync(made.pdf));
    expect(cover.replaceAll(/\s+/g, ' ')).toContain('The period is not over: it ends on 25 November 2026');
  });

  it('of which days are without data stays a draft, names the source and the days, and ends with 11', async () => {
    const made = await make('2026-11', START + 60 * 24 * HOUR, elsewhere('partly'));
    expect(made.status).toBe('DRAFT');
    expect(made.exit).toBe(11);
    expect(made.incomplete).toContain(
      'No record of the gateway lies on 29 days: 2026-11-01 to 2026-11-23, 2026-11-25 to 2026-11-30.',
    );
    expect(made.incomplete.join('\n')).toMatch(/No CloudTrail log, event or digest lies on 29 days/);
  });

  it('names runs of days, and many of them shortly', () => {
    expect(runsOfDays(['2026-07-01', '2026-07-02', '2026-07-04'])).toBe('2026-07-01 to 2026-07-02, 2026-07-04');
    const many = ['01', '03', '05', '07', '09', '11'].map((day) => `2026-07-${day}`);
    expect(runsOfDays(many)).toBe('2026-07-01, 2026-07-03, 2026-07-05, 2026-07-07, 2026-07-09 and others');
  });
});
