/** What a package holds of its sources, byte for byte: ledgers, raw evidence, registers, configuration. */
import { dirname, join } from 'node:path';
import { realFiles } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import type { RawObject } from '../model/evidence.js';
import { formatIdentityIndex, type IdentitySnapshot, identityName } from '../model/identity-snapshot.js';
import { rawPath } from '../model/raw-index.js';
import { formatSnapshots, type RegisterSnapshot, snapshotName } from '../model/registers.js';
import type { Settings } from '../model/settings.js';
import type { LedgerHead } from './content.js';
import type { Staging } from './staging.js';

/** A ledger as it was verified and loaded; its folder does not change while the package is made. */
interface LedgerCopy {
  readonly head: LedgerHead;
  /** Name of its folder in the package. */
  readonly folder: string;
  readonly dir: string;
}

/** Where the sources lie. */
export interface Sources {
  readonly settings: Settings;
  readonly ledgers: readonly LedgerCopy[];
  /** `<dataDir>/raw`, and the objects its index names; `leftOut`: only the index goes into the package. */
  readonly raw: { readonly dir: string; readonly objects: readonly RawObject[]; readonly leftOut: boolean };
  /** `<dataDir>/snapshots`, and the registers and identities that were taken. */
  readonly snapshots: {
    readonly dir: string;
    readonly registers: readonly RegisterSnapshot[];
    readonly identities: readonly IdentitySnapshot[];
  };
}

/** Every file below a folder, in order. Links and the like are not evidence and are refused. */
async function* filesBelow(dir: string, below = ''): AsyncGenerator<string> {
  for (const name of [...(await realFiles.list(join(dir, below)))].sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const facts = await realFiles.facts(join(dir, path));
    if (facts?.kind === 'folder') yield* filesBelow(dir, path);
    else if (facts?.kind === 'file') yield path;
    else throw new CountersignError('EVIDENCE_CHANGED', { file: join(dir, path), problem: 'it is not a plain file' });
  }
}

/** Those of identities that did not change between two dates are one file. */
const copySnapshots = async (staging: Staging, { dir, registers, identities }: Sources['snapshots']): Promise<void> => {
  const files = new Map([
    ...registers.map((one) => [snapshotName(one), one.sha256] as const),
    ...identities.map((one) => [identityName(one), one.sha256] as const),
  ]);
  for (const [name, hash] of files) await staging.copy(`snapshots/${name}`, join(dir, name), hash);
  if (registers.length > 0) await staging.write('snapshots/index.ndjson', formatSnapshots(registers));
  if (identities.length > 0) await staging.write('snapshots/identity.ndjson', formatIdentityIndex(identities));
};

/**
 * Copies every source into the package.
 * @throws CountersignError EVIDENCE_CHANGED
 */
export const copySources = async (staging: Staging, input: Sources): Promise<void> => {
  for (const { dir, folder } of input.ledgers) {
    for await (const path of filesBelow(dir)) await staging.copy(`ledger/${folder}/${path}`, join(dir, path));
  }
  const { raw, settings } = input;
  const hashes = new Set(raw.leftOut ? [] : raw.objects.map(({ sha256: hash }) => hash));
  for (const hash of [...hashes].sort()) {
    await staging.copy(`raw/${rawPath(hash)}`, join(raw.dir, rawPath(hash)), hash);
  }
  for (const name of ['index.ndjson', 'problems.ndjson', 'listing.ndjson']) {
    const file = join(raw.dir, name);
    if ((await realFiles.facts(file))?.kind === 'file') await staging.copy(`raw/${name}`, file);
  }
  await copySnapshots(staging, input.snapshots);
  for (const { path, digest } of settings.provenance.files) {
    await staging.copy(`config/${path}`, join(dirname(settings.file), path), digest);
  }
};
