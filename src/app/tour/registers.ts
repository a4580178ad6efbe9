/** What only the organisation knows, for the demo: a few lines of each register, and an export of its people. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { timestamp } from '../../base/clock.js';
import { csvSource } from '../../collect/identity/csv.js';
import { takeIdentity } from '../../collect/identity/take.js';
import { takeRegister } from '../../collect/registers.js';
import type { Plan } from '../../demo/plan-model.js';
import type { RegisterKind } from '../../model/registers.js';
import type { Settings } from '../../model/settings.js';

const DAY = 86_400_000;

/** Lines below the head, by register; nothing in them is a violation. */
const registersOf = (
  { people }: Plan,
  { provenance }: Settings,
  started: number,
): Readonly<Record<RegisterKind, string>> => {
  const [author = '', reviewer = ''] = people.map(({ email }) => email);
  const ago = (days: number): string => timestamp(started - days * DAY);
  return {
    leavers: `person,ended,ref\nformer.colleague@demo.invalid,${ago(40)},HR-118\n`,
    reviews: `digest,author,reviewer,reviewed,ref\n${provenance.digest},${author},${reviewer},${ago(1)},PR-42\n`,
    changes: `ref,title,author,approver,approved,closed\nCHG-7,New sample server,${author},${reviewer},${ago(2)},${ago(1)}\n`,
    cases: `item,control,opened,owner,triaged,verdict,closed,ref\nINC-31,CS-NET-01,${ago(6)},${reviewer},${ago(5)},no incident,,INC-31\n`,
    disclosures: `ref,disclosed,recipient,data,purpose,person\nD-4,${ago(12)},Sample Bank,account data,audit,${reviewer}\n`,
  };
};

/** The people as an identity provider exports them; all of them joined lately. */
const exportOf = ({ people }: Plan, started: number): string =>
  [
    'user_id,status,email,name,created,groups',
    ...people.map(({ id, email, name, groups }) =>
      [id, 'active', email, name, timestamp(started - 20 * DAY), groups.join(';')].join(','),
    ),
    '',
  ].join('\n');

/**
 * Writes them as CSV into the folder, where people can look at them, and takes them.
 * @returns how many were taken
 */
export const takeRegisters = async (
  dir: string,
  { plan, settings, issuer, started }: { plan: Plan; settings: Settings; issuer: string; started: number },
): Promise<number> => {
  const folder = join(dir, 'registers');
  const { dataDir } = settings.gateway;
  await mkdir(folder, { mode: 0o700 });
  const put = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const registers = registersOf(plan, settings, started);
  let taken = 0;
  for (const kind of ['leavers', 'reviews', 'changes', 'cases', 'disclosures'] as const) {
    const file = await put(`${kind}.csv`, registers[kind]);
    if ((await takeRegister({ dataDir, kind, file, now: started })).snapshot !== null) taken++;
  }
  const people = exportOf(plan, started);
  await put('people.csv', people);
  const source = csvSource({ issuer, source: 'csv:people', bytes: async () => Buffer.from(people) });
  await takeIdentity(dataDir, source, started);
  return taken + 1;
};
