/** `manifest.json` and `run.json`: shapes, signatures, and the evidence root. */
import { createHash } from 'node:crypto';
import { canonical } from '../base/canonical.js';
import { isTable } from '../base/csv-rows.js';
import type { JsonValue } from '../base/json.js';
import { checkNote, NoteError, type NoteVerifier, parseNote, type SignedNote } from '../base/note.js';
import { runText } from '../base/seal.js';
import type { Manifest, ManifestFile } from '../model/evidence.js';
import type { Findings } from './findings.js';
import { countOf, hashOf, listOf, objectOf, oneOf, readJson, ShapeError, textOf } from './shape.js';

/** Files of a package that the manifest does not list. */
export const OUTSIDE_MANIFEST: readonly string[] = ['manifest.json', 'manifest.sig', 'run.json'];
/** Files that print the evidence root and so cannot be part of it. */
const OUTSIDE_ROOT: readonly string[] = ['report.pdf', 'report.html'];

const isSafePath = (path: string): boolean =>
  path.length <= 1024 &&
  path.isWellFormed() &&
  !/[\\\p{Cc}]/u.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const fileOf = (value: JsonValue, where: string): ManifestFile => {
  const fields = objectOf(value, where, ['path', 'bytes', 'sha256'], ['rows']);
  const path = textOf(fields['path'], `${where}.path`);
  if (!isSafePath(path)) throw new ShapeError(`${where}.path leads out of the package or is malformed`);
  if (isTable(path) !== 'rows' in fields) throw new ShapeError(`${where} must have rows for a table, and only then`);
  return {
    path,
    bytes: countOf(fields['bytes'], `${where}.bytes`),
    sha256: hashOf(fields['sha256'], `${where}.sha256`),
    ...(isTable(path) && { rows: countOf(fields['rows'], `${where}.rows`) }),
  };
};

const ledgerOf = (value: JsonValue, where: string): Manifest['ledgers'][number] => {
  const fields = objectOf(value, where, ['origin', 'key', 'size', 'root']);
  return {
    origin: textOf(fields['origin'], `${where}.origin`),
    key: textOf(fields['key'], `${where}.key`),
    size: countOf(fields['size'], `${where}.size`),
    root: hashOf(fields['root'], `${where}.root`),
  };
};

const FIELDS: readonly string[] = [
  'v',
  'kind',
  'report',
  'organization',
  'period',
  'status',
  'demo',
  'tool',
  'evidenceRoot',
  'ledgers',
  'cloudtrail',
  'files',
];

const revisesOf = (value: JsonValue | undefined): NonNullable<Manifest['revises']> => {
  const fields = objectOf(value, 'revises', ['report', 'manifest']);
  return {
    report: textOf(fields['report'], 'revises.report'),
    manifest: hashOf(fields['manifest'], 'revises.manifest'),
  };
};

const sortedFiles = (value: JsonValue | undefined): readonly ManifestFile[] => {
  const files = listOf(value, 'files', fileOf);
  for (const [index, { path }] of files.entries()) {
    const before = files[index - 1]?.path ?? '';
    if (index > 0 && before >= path) throw new ShapeError(`files[${index}].path is not in order, or twice`);
    if (OUTSIDE_MANIFEST.includes(path)) throw new ShapeError(`files[${index}].path cannot be in the manifest`);
  }
  return files;
};

/**
 * Parses the bytes of `manifest.json`, which must be canonical JSON and a line feed.
 * @throws ShapeError
 */
export const parseManifest = (bytes: Buffer): Manifest => {
  const value = readJson(bytes);
  if (`${canonical(value)}\n` !== bytes.toString('utf8')) throw new ShapeError('not canonical JSON with a line feed');
  const fields = objectOf(value, 'the manifest', FIELDS, ['revises']);
  const period = objectOf(fields['period'], 'period', ['label', 'from', 'to']);
  const tool = objectOf(fields['tool'], 'tool', ['name', 'version']);
  const cloudtrail = objectOf(fields['cloudtrail'], 'cloudtrail', ['logs', 'digests'], ['leftOut']);
  if ('leftOut' in cloudtrail && cloudtrail['leftOut'] !== true) throw new ShapeError('cloudtrail.leftOut is not true');
  if (fields['v'] !== 1) throw new ShapeError('v is not 1');
  const { demo } = fields;
  if (typeof demo !== 'boolean') throw new ShapeError('demo is neither true nor false');
  return {
    v: 1,
    kind: oneOf(fields['kind'], 'kind', ['countersign-evidence']),
    report: textOf(fields['report'], 'report'),
    organization: textOf(fields['organization'], 'organization'),
    period: {
      label: textOf(period['label'], 'period.label'),
      from: textOf(period['from'], 'period.from'),
      to: textOf(period['to'], 'period.to'),
    },
    status: oneOf(fields['status'], 'status', ['DRAFT', 'FINAL']),
    demo,
    tool: { name: textOf(tool['name'], 'tool.name'), version: textOf(tool['version'], 'tool.version') },
    evidenceRoot: hashOf(fields['evidenceRoot'], 'evidenceRoot'),
    ledgers: listOf(fields['ledgers'], 'ledgers', ledgerOf),
    cloudtrail: {
      logs: countOf(cloudtrail['logs'], 'cloudtrail.logs'),
      digests: countOf(cloudtrail['digests'], 'cloudtrail.digests'),
      ...('leftOut' in cloudtrail && { leftOut: true as const }),
    },
    ...('revises' in fields && { revises: revisesOf(fields['revises']) }),
    files: sortedFiles(fields['files']),
  };
};

/** SHA-256 over the `sha256sum` lines of the files, those aside that print this very value. */
export const evidenceRoot = (files: readonly ManifestFile[]): string => {
  const hash = createHash('sha256');
  for (const { path, sha256 } of files) if (!OUTSIDE_ROOT.includes(path)) hash.update(`${sha256}  ${path}\n`);
  return hash.digest('hex');
};

export interface SignatureCheck {
  /** `manifest.sig` or `run.json`. */
  readonly what: string;
  readonly note: string;
  /** What must have been signed. */
  readonly text: string;
  readonly trusted: readonly NoteVerifier[];
  readonly findings: Findings;
}

const readNote = ({ what, note, findings }: SignatureCheck): SignedNote | undefined => {
  try {
    return parseNote(note);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    findings.add('integrity', 'BAD_SIGNATURE', `${what} is not a signed note: ${error.message}.`);
    return undefined;
  }
};

/** Whether a note signs this text, and whether by a key the trust file names. */
export const checkSignature = (check: SignatureCheck): void => {
  const { what, text, trusted, findings } = check;
  const note = readNote(check);
  if (!note) return;
  if (note.text !== text) {
    findings.add('integrity', 'BAD_SIGNATURE', `${what} signs something else than this package.`);
    return;
  }
  const results = trusted.map((verifier) => ({ key: verifier.key, valid: checkNote(note, verifier) }));
  const valid = results.find((result) => result.valid === true);
  if (results.some((result) => result.valid === false)) {
    findings.add('integrity', 'BAD_SIGNATURE', `${what} bears a signature of a trusted key that is not valid.`);
  } else if (valid) {
    findings.establish(`${what} is signed by the report key ${valid.key} that the trust file names.`);
  } else {
    const names = note.signatures.map(({ name, keyId }) => `${name}+${keyId}`).join(', ');
    const message = `${what}: who signed is not established: no trust file names the report key ${names}.`;
    findings.add('unestablished', 'REPORT_SIGNER_UNKNOWN', message);
  }
};

/** `run.json`: belongs to this manifest, and bears its own signature. */
export const checkRun = (
  bytes: Buffer,
  manifestHash: string,
  trusted: readonly NoteVerifier[],
  findings: Findings,
): void => {
  try {
    const value = readJson(bytes);
    if (typeof value !== 'object' || value === null || !('signature' in value))
      throw new ShapeError('it has no signature');
    const { signature, ...run } = value;
    if (`${canonical(value)}\n` !== bytes.toString('utf8'))
      throw new ShapeError('it is not canonical JSON with a line feed');
    if (hashOf(run['manifest'], 'manifest') !== manifestHash) throw new ShapeError('it belongs to another manifest');
    const note = textOf(signature, 'signature');
    checkSignature({ what: 'run.json', note, text: runText(run), trusted, findings });
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    findings.add('integrity', 'RUN_INVALID', `run.json does not verify: ${error.message}.`);
  }
};
