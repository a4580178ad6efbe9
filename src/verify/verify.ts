/** Verifies a ledger or an evidence package, offline, with node built-ins only. */
import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { realFiles } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import type { Verification } from '../model/evidence.js';
import { createFindings, type VerifyProgress } from './findings.js';
import { verifyLedger } from './ledger.js';
import { loadOnline, type OpenBucket } from './online.js';
import { verifyPackage } from './package.js';
import { verifyProof } from './proof.js';
import type { Scanner } from './scan/scanner.js';
import type { Target } from './target.js';
import { loadTrust, noTrust, type TrustedKeys } from './trust.js';

export interface VerifyOptions {
  /** Path of the auditor's trust file. Without one nothing is believed. */
  readonly trust?: string;
  /** Who looks at most of a ledger, in place of threads where there is much of it; what is found is the same. */
  readonly scanner?: Scanner;
  /** Opens the buckets that the trust file names, with the credentials of whoever verifies. Absent: offline. */
  readonly online?: OpenBucket;
  /** Folder of the CloudTrail objects that a package leaves out: `<aa>/<sha256>`, as the organisation keeps them. */
  readonly raw?: string;
  /** Gaps and turned clocks before this time are counted, not listed; milliseconds since 1970. All else is looked at whole. */
  readonly since?: number;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

/** The path behind links; as given where there is nothing. */
const actual = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

const isInside = (folder: string, file: string): boolean => {
  const path = relative(folder, file);
  return path.split(sep)[0] !== '..' && !isAbsolute(path);
};

/** The trust file must come from elsewhere: one that came with the evidence says what its maker wants believed. */
const trustFor = async (path: string, file: string | undefined): Promise<TrustedKeys> => {
  if (file === undefined) return noTrust();
  // As named, and as it lies: a link must not hide where the file came from, either way.
  if (isInside(resolve(path), resolve(file)) || isInside(await actual(path), await actual(file))) {
    throw new CountersignError('TRUST_INVALID', { file, problem: 'it lies inside what it is to judge' });
  }
  return loadTrust(file);
};

const isThere = async (path: string, name: string): Promise<boolean> =>
  (await realFiles.facts(join(path, name))) !== undefined;

/**
 * Verifies what lies in a folder, an evidence package (`manifest.json`) or a ledger (`log/`), or a proof file. Never
 * changes anything. The result's exit is 12 for tampering, 11 for gaps and torn or unsigned tails, 13 where all is
 * consistent but something is not established, and never 0 where nothing was found.
 * @throws CountersignError VERIFY_NOT_FOUND, TRUST_INVALID
 */
export const verifyPath = async (path: string, options: VerifyOptions = {}): Promise<Verification> => {
  const facts = await realFiles.facts(path);
  if (facts === undefined) throw new CountersignError('VERIFY_NOT_FOUND', { path });
  const trust = await trustFor(path, options.trust);
  const findings = createFindings();
  const { onProgress = () => {}, scanner, online, since, raw } = options;
  const more = {
    ...(scanner ? { scanner } : {}),
    ...(since === undefined ? {} : { since }),
    ...(raw === undefined ? {} : { raw }),
    ...(online ? { online: await loadOnline(trust, online, findings) } : {}),
  };
  const target: Target = { dir: path, trust, findings, onProgress, ...more };
  if (facts.kind === 'file') {
    await verifyProof(path, target);
    return findings.result(path, 'proof');
  }
  if ((await isThere(path, 'manifest.json')) || (await isThere(path, 'manifest.sig'))) {
    await verifyPackage(target);
    return findings.result(path, 'package');
  }
  if (await isThere(path, 'log')) {
    await verifyLedger({ ...target, label: '' });
    return findings.result(path, 'ledger');
  }
  findings.add('incomplete', 'NOTHING_FOUND', `${path} holds neither a ledger nor an evidence package.`);
  return findings.result(path, 'package');
};
