/** An evidence package: manifest, every file, every ledger, the CloudTrail objects. */
import { join } from 'node:path';
import { csvRowCounter } from '../base/csv-rows.js';
import { sha256 } from '../base/digest.js';
import { readBounded, realFiles } from '../base/durable.js';
import { manifestText } from '../base/seal.js';
import { ledgerFolder } from '../ledger/format.js';
import type { Manifest, ManifestFile } from '../model/evidence.js';
import { verifyTrail } from './cloudtrail.js';
import { digestFile, walkFiles } from './files.js';
import type { Findings } from './findings.js';
import { verifyLedger } from './ledger.js';
import { checkRun, checkSignature, evidenceRoot, OUTSIDE_MANIFEST, parseManifest } from './manifest.js';
import { verifyPrevious } from './previous.js';
import { ShapeError } from './shape.js';
import type { Target } from './target.js';
import { checkWaivers } from './waivers.js';

const MAX_MANIFEST = 256 * 1024 * 1024;
const MAX_SMALL = 1024 * 1024;

/** The bytes of one of the three files outside the manifest; undefined, with a finding, where they cannot be had. */
const readSmall = async (
  { dir, findings }: Target,
  name: string,
  severity: 'integrity' | 'incomplete',
  limit: number,
): Promise<Buffer | undefined> => {
  const facts = await realFiles.facts(join(dir, name));
  if (facts?.kind === 'file' && facts.size <= limit) return readBounded(join(dir, name), limit);
  const problem = facts === undefined ? 'is missing' : 'is not a file of reasonable size';
  findings.add(facts === undefined ? severity : 'integrity', 'MISSING_FILE', `${name} ${problem}.`);
  return undefined;
};

const readManifest = (bytes: Buffer, findings: Findings): Manifest | undefined => {
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    findings.add('integrity', 'MANIFEST_INVALID', `manifest.json cannot be read: ${error.message}.`);
    return undefined;
  }
};

const rowsAgree = ({ findings }: Target, { path, rows }: ManifestFile, found: number | undefined): boolean => {
  if (rows !== found) {
    findings.add('integrity', 'ROWS_DIFFER', `${path} has ${found} rows; the manifest counts ${rows}.`);
  }
  return rows === found;
};

const checkFile = async (target: Target, entry: ManifestFile, onBytes: (count: number) => void): Promise<boolean> => {
  const counter = entry.rows === undefined ? undefined : csvRowCounter();
  const found = await digestFile(join(target.dir, entry.path), undefined, (chunk) => {
    counter?.add(chunk);
    onBytes(chunk.length);
  });
  if (found.sha256 === entry.sha256 && found.bytes === entry.bytes) return rowsAgree(target, entry, counter?.rows());
  const size = found.bytes === entry.bytes ? 'its content' : `${found.bytes} bytes, not ${entry.bytes}: it`;
  target.findings.add('integrity', 'FILE_ALTERED', `${entry.path}: ${size} was changed after the manifest was signed.`);
  return false;
};

/** Compares the folder with the manifest, both ways. */
const checkFiles = async (target: Target, manifest: Manifest): Promise<void> => {
  const { dir, findings, onProgress } = target;
  const listed = new Map(manifest.files.map((entry) => [entry.path, entry]));
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  let good = 0;
  for await (const { path, kind } of walkFiles(dir)) {
    const entry = listed.get(path);
    listed.delete(path);
    if (kind === 'empty') findings.add('integrity', 'EXTRA_FILE', `${path}/ is an empty folder; a package holds none.`);
    else if (kind !== 'file')
      findings.add('integrity', 'NOT_A_FILE', `${path} is a link or no plain file; a package holds none.`);
    else if (entry) {
      const onBytes = (count: number): void => onProgress({ what: 'files', done: (done += count), total });
      if (await checkFile(target, entry, onBytes)) good++;
    } else if (!OUTSIDE_MANIFEST.includes(path)) {
      findings.add('integrity', 'EXTRA_FILE', `${path} is not in the manifest.`);
    }
  }
  for (const path of listed.keys())
    findings.add('integrity', 'MISSING_FILE', `${path} is in the manifest and missing.`);
  if (evidenceRoot(manifest.files) !== manifest.evidenceRoot) {
    findings.add('integrity', 'EVIDENCE_ROOT', 'the evidence root is not that of the files in the manifest.');
  } else if (good === manifest.files.length) {
    const rows = manifest.files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
    findings.establish(`all ${good} files are those of the manifest; evidence root ${manifest.evidenceRoot}.`);
    findings.establish(`the tables in csv/ hold the rows that the manifest counts: ${rows} in all.`);
  }
};

const checkLedgers = async (target: Target, manifest: Manifest): Promise<void> => {
  const { dir, findings, trust } = target;
  if (manifest.ledgers.length === 0) findings.add('incomplete', 'LEDGER_ABSENT', 'the package holds no ledger.');
  const folders = new Set<string>();
  const until = Date.parse(manifest.period.to);
  for (const said of manifest.ledgers) {
    const folder = ledgerFolder(said.origin);
    const label = `ledger/${folder}/`;
    if (folder === '' || folder.startsWith('.') || folders.has(folder)) {
      findings.add(
        'integrity',
        'MANIFEST_INVALID',
        `manifest.json names an impossible ledger ${JSON.stringify(said.origin)}.`,
      );
      continue;
    }
    folders.add(folder);
    const head = await verifyLedger({ ...target, dir: join(dir, 'ledger', folder), label, until });
    if (!head || (['origin', 'key', 'size', 'root'] as const).some((field) => head[field] !== said[field])) {
      findings.add(
        'integrity',
        'LEDGER_DIFFERS',
        `${label}: its origin, key, size or root is not what the manifest says.`,
      );
    }
  }
  for (const folder of await foldersIn(join(dir, 'ledger'))) {
    if (!folders.has(folder)) findings.add('integrity', 'LEDGER_EXTRA', `ledger/${folder}/ is not in the manifest.`);
  }
  const origins = new Set(manifest.ledgers.map(({ origin }) => origin));
  for (const { name } of trust.ledgers) {
    if (!origins.has(name))
      findings.add('incomplete', 'LEDGER_ABSENT', `the trust file expects a ledger of ${name}; there is none.`);
  }
};

const foldersIn = async (path: string): Promise<readonly string[]> =>
  (await realFiles.facts(path))?.kind === 'folder' ? realFiles.list(path) : [];

/** Verifies the package in a folder. What does not hold goes to `findings`. */
export const verifyPackage = async (target: Target): Promise<void> => {
  const { trust, findings } = target;
  const bytes = await readSmall(target, 'manifest.json', 'integrity', MAX_MANIFEST);
  if (!bytes) return;
  const hash = sha256(bytes);
  const signature = await readSmall(target, 'manifest.sig', 'integrity', MAX_SMALL);
  if (signature) {
    const [note, text] = [signature.toString('utf8'), manifestText(hash)];
    checkSignature({ what: 'manifest.sig', note, text, trusted: trust.reports, findings });
  }
  const run = await readSmall(target, 'run.json', 'incomplete', MAX_SMALL);
  if (run) checkRun(run, hash, trust.reports, findings);
  const manifest = readManifest(bytes, findings);
  if (!manifest) return;
  await checkFiles(target, manifest);
  await verifyPrevious(target, manifest);
  await checkWaivers(target, manifest);
  await checkLedgers(target, manifest);
  await verifyTrail(target, manifest);
};
