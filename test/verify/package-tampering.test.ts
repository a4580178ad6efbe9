/** Everything that can be done to a package under which the auditor's trust file gives 0: exit, code and sentence. */
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/base/digest.js';
import { createNoteSigner, signNote } from '../../src/base/note.js';
import { manifestText } from '../../src/base/seal.js';
import type { Verification } from '../../src/model/evidence.js';
import { verifyPath } from '../../src/verify/verify.js';
import { newKey } from '../ledger/samples.js';
import { put } from './package-edits.js';
import { putRaw, type SamplePackage, samplePackage, sampleTrail, seal } from './package-sample.js';
import { BY_ANYONE } from './package-tamperings-anyone.js';
import { BY_REPORT_KEY } from './package-tamperings-sealed.js';
import { temporary, trustFile } from './sample.js';

const PACKAGE_TAMPERINGS = [...BY_ANYONE, ...BY_REPORT_KEY];

let sample: SamplePackage;
beforeAll(async () => {
  sample = await samplePackage();
});

const copy = async (): Promise<SamplePackage> => {
  const dir = join(await temporary(), 'copy');
  await cp(sample.dir, dir, { recursive: true });
  return { ...sample, dir };
};

const severe = ({ findings }: Verification): readonly string[] =>
  findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);

/** Hashes are new each time. */
const general = (sentence: string): string =>
  sentence
    .replace(/raw\/[0-9a-f]{2}\/[0-9a-f]{64}/g, 'raw/<file>')
    .replace(/AWSLogs\/\S+?\.gz/g, '<object>')
    .replace(/[0-9a-f]{64}/g, '<hash>');

test('the untouched package gives 0', async () => {
  const { exit, findings } = await verifyPath(sample.dir, { trust: sample.keptTrust });
  expect([exit, findings]).toEqual([0, []]);
});

describe('exit 12, with code and sentence', () => {
  test.each(PACKAGE_TAMPERINGS)('by $by: $name', async ({ by, code, sentence, change }) => {
    const changed = await copy();
    await change(changed);
    if (by === 'report key') await seal(changed.dir, changed.reportKey);
    const verification = await verifyPath(changed.dir, { trust: changed.keptTrust });
    expect(severe(verification)).toContain(code);
    const said = verification.findings
      .filter((finding) => finding.code === code)
      .map(({ message }) => general(message));
    expect(said).toContain(sentence);
    expect(verification.exit).toBe(12);
  });

  test('there are enough rows, and each has its own name', () => {
    expect(PACKAGE_TAMPERINGS.length).toBeGreaterThanOrEqual(25);
    expect(new Set(PACKAGE_TAMPERINGS.map(({ name }) => name)).size).toBe(PACKAGE_TAMPERINGS.length);
  });
});

describe('signed anew by keys that nobody knows', () => {
  const judged = async ({ dir }: SamplePackage, trust = sample.keptTrust): Promise<readonly unknown[]> => {
    const verification = await verifyPath(dir, { trust });
    return [verification.exit, ...severe(verification)];
  };

  test('manifest and run: 13', async () => {
    const changed = await copy();
    await seal(changed.dir, newKey());
    expect(await judged(changed)).toEqual([13, 'REPORT_SIGNER_UNKNOWN', 'REPORT_SIGNER_UNKNOWN']);
  });

  test('the digests of CloudTrail, and the package by the report key: 13', async () => {
    const changed = await copy();
    await rm(join(changed.dir, 'raw'), { recursive: true });
    await putRaw(changed.dir, sampleTrail().objects);
    await seal(changed.dir, changed.reportKey);
    expect(await judged(changed)).toEqual([13, 'DIGEST_AUTHORSHIP']);
  });

  test('manifest, run and digests, over the ledger that is trusted: 13', async () => {
    const changed = await copy();
    await rm(join(changed.dir, 'raw'), { recursive: true });
    await putRaw(changed.dir, sampleTrail().objects);
    await seal(changed.dir, newKey());
    expect(await judged(changed)).toEqual([13, 'REPORT_SIGNER_UNKNOWN', 'REPORT_SIGNER_UNKNOWN', 'DIGEST_AUTHORSHIP']);
  });

  test('everything, the ledger too: 13 where the trust file says nothing of it, 12 where it names another key', async () => {
    const forged = await samplePackage();
    expect(await judged(forged, await trustFile({}))).toEqual([
      13,
      'REPORT_SIGNER_UNKNOWN',
      'REPORT_SIGNER_UNKNOWN',
      'LEDGER_SIGNER_UNKNOWN',
      'NOT_ANCHORED',
      'DIGEST_AUTHORSHIP',
    ]);
    const [exit, ...codes] = await judged(forged);
    expect(exit).toBe(12);
    expect(codes).toEqual(expect.arrayContaining(['LEDGER_KEY_DIFFERS', 'REPORT_SIGNER_UNKNOWN']));
  });

  test.each(['manifest.sig', 'run.json'])('%s alone is by the known key: 13', async (name) => {
    const changed = await copy();
    await seal(changed.dir, newKey());
    await cp(join(sample.dir, name), join(changed.dir, name));
    expect(await judged(changed)).toEqual([13, 'REPORT_SIGNER_UNKNOWN']);
  });

  describe('the manifest by two keys', () => {
    const signedTwice = async (over: (text: string) => string): Promise<SamplePackage> => {
      const changed = await copy();
      const text = manifestText(sha256(await readFile(join(changed.dir, 'manifest.json'))));
      const known = signNote(over(text), [createNoteSigner('example.com/report', changed.reportKey)]);
      const unknown = signNote(text, [createNoteSigner('example.com/report', newKey())]);
      await put(changed.dir, 'manifest.sig', `${unknown}${known.slice(known.indexOf('—'))}`);
      return changed;
    };

    test('both valid: the one that is known counts, 0', async () => {
      expect(await judged(await signedTwice((text) => text))).toEqual([0]);
    });

    test('the known one over something else: 12', async () => {
      const changed = await signedTwice(() => manifestText('0'.repeat(64)));
      expect(await judged(changed)).toEqual([12, 'BAD_SIGNATURE']);
    });
  });
});
