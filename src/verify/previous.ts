/** A revision that answers an earlier package: which one, by its own signed manifest, and that its evidence is the same. */
import { join } from 'node:path';
import { sha256 } from '../base/digest.js';
import { readBounded, realFiles } from '../base/durable.js';
import { manifestText } from '../base/seal.js';
import type { Manifest } from '../model/evidence.js';
import { checkSignature, parseManifest } from './manifest.js';
import { ShapeError } from './shape.js';
import type { Target } from './target.js';

const MAX_MANIFEST = 256 * 1024 * 1024;
const MAX_SIGNATURE = 1024 * 1024;
const MANIFEST = 'previous/manifest.json';
const SIGNATURE = 'previous/manifest.sig';

/** What a revision may not change: everything that the results were made from. */
const SAME: readonly RegExp[] = [
  /^(?:ledger|raw|snapshots|config|controls|waivers|sql)\//,
  /^csv\/(?:population_|call_event_match|approvals|config_changes|coverage|gaps|ipe|reconciliation|results)/,
];

const evidenceOf = ({ files }: Manifest): ReadonlyMap<string, string> =>
  new Map(files.filter(({ path }) => SAME.some((one) => one.test(path))).map((file) => [file.path, file.sha256]));

const differing = (one: Manifest, other: Manifest): readonly string[] => {
  const [a, b] = [evidenceOf(one), evidenceOf(other)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();
};

/** Undefined, with a finding, where it is not read; what is missing or no file is told of with the other files. */
const readHeld = async ({ dir, findings }: Target, name: string, limit: number): Promise<Buffer | undefined> => {
  const facts = await realFiles.facts(join(dir, name));
  if (facts?.kind !== 'file') return undefined;
  if (facts.size <= limit) return readBounded(join(dir, name), limit);
  findings.add('integrity', 'PREVIOUS_INVALID', `${name} is not a file of reasonable size.`);
  return undefined;
};

const readPrevious = (bytes: Buffer, { findings }: Target): Manifest | undefined => {
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    findings.add('integrity', 'PREVIOUS_INVALID', `${MANIFEST} cannot be read: ${error.message}.`);
    return undefined;
  }
};

const compare = (target: Target, manifest: Manifest, before: Manifest): void => {
  const { findings } = target;
  const { revises } = manifest;
  const same =
    before.organization === manifest.organization &&
    before.period.from === manifest.period.from &&
    before.period.to === manifest.period.to &&
    before.report === revises?.report;
  if (!same) {
    findings.add('integrity', 'PREVIOUS_DIFFERS', `${MANIFEST} is of another report, organisation or period.`);
    return;
  }
  const changed = differing(manifest, before);
  if (changed.length > 0) {
    const named = `${changed.slice(0, 5).join(', ')}${changed.length > 5 ? ` and ${changed.length - 5} more` : ''}`;
    findings.add(
      'integrity',
      'PREVIOUS_DIFFERS',
      `evidence is not that of ${before.report}, which it answers: ${named}.`,
    );
    return;
  }
  findings.establish(`it answers ${before.report}, and its evidence and results are the same, file by file.`);
};

const noteSupplement = ({ findings }: Target, { revises }: Manifest): void => {
  if (!revises) return;
  const message = `it supplements the report ${revises.report}, whose manifest has the SHA-256 ${revises.manifest}.`;
  findings.add('note', 'SUPPLEMENT', message);
};

/**
 * Checks the link of a revision with `previous/`. One without it says only which report it follows.
 * Whether these files are those of the manifest is checked with the others.
 */
export const verifyPrevious = async (target: Target, manifest: Manifest): Promise<void> => {
  const { findings, trust } = target;
  const held = manifest.files.filter(({ path }) => path.startsWith('previous/')).map(({ path }) => path);
  if (held.length === 0) {
    noteSupplement(target, manifest);
    return;
  }
  if (!manifest.revises || held.length !== 2 || !held.includes(MANIFEST) || !held.includes(SIGNATURE)) {
    findings.add(
      'integrity',
      'PREVIOUS_INVALID',
      'previous/ holds something else than one manifest and its signature.',
    );
    return;
  }
  const bytes = await readHeld(target, MANIFEST, MAX_MANIFEST);
  const signature = await readHeld(target, SIGNATURE, MAX_SIGNATURE);
  if (!bytes || !signature) return;
  if (sha256(bytes) !== manifest.revises.manifest) {
    findings.add('integrity', 'PREVIOUS_DIFFERS', `${MANIFEST} is not the manifest that this one says it revises.`);
    return;
  }
  const text = manifestText(sha256(bytes));
  checkSignature({ what: SIGNATURE, note: signature.toString('utf8'), text, trusted: trust.reports, findings });
  const before = readPrevious(bytes, target);
  if (before) compare(target, manifest, before);
};
