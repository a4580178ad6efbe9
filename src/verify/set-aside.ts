/** `quarantine/`: bytes that recovery set aside must be the ones its records name. */
import { join } from 'node:path';
import { realFiles } from '../base/durable.js';
import { digestFile } from './files.js';
import type { Findings } from './findings.js';

/** @param named file below the ledger to its SHA-256, from `recover` records */
export const checkSetAside = async (
  dir: string,
  label: string,
  named: ReadonlyMap<string, string>,
  findings: Findings,
): Promise<void> => {
  for (const [file, sha256] of named) {
    const found = /^quarantine\/[0-9A-Za-z-]+\.bin$/.test(file) ? await realFiles.facts(join(dir, file)) : undefined;
    if (found?.kind !== 'file') {
      findings.add('note', 'SET_ASIDE_ABSENT', `${label}${file}, set aside after a crash, is not here.`);
    } else if ((await digestFile(join(dir, file))).sha256 !== sha256) {
      findings.add('integrity', 'SET_ASIDE_ALTERED', `${label}${file} is not what was set aside after a crash.`);
    }
  }
  const folder = join(dir, 'quarantine');
  if ((await realFiles.facts(folder))?.kind !== 'folder') return;
  const unnamed = (await realFiles.list(folder)).filter(
    (name) => name.endsWith('.bin') && !named.has(`quarantine/${name}`),
  );
  for (const name of unnamed) {
    const message = `${label}quarantine/${name} was set aside, and no record says so: the gateway has not started since.`;
    findings.add('incomplete', 'SET_ASIDE_UNRECORDED', message);
  }
};
