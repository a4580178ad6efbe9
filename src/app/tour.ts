/** The demo's script: the whole job on this machine, from a call to a verified package. */
import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { sourceIdentity } from '../base/aws-identity.js';
import { type Clock, systemClock, timestamp } from '../base/clock.js';
import { CountersignError, EXIT } from '../base/errors.js';
import type { Delivery } from '../demo/aws/trail.js';
import { performMisuse } from '../demo/misuse.js';
import { makePlan } from '../demo/plan.js';
import type { Happened, Plan } from '../demo/plan-model.js';
import { ledgerDir } from '../ledger/folder.js';
import { readLedger } from '../ledger/read.js';
import type { Period, Trust, Verification } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import { verifyPath } from '../verify/verify.js';
import { collectCloudTrail } from './collect.js';
import { parsePeriod, periodBetween, type ReportSummary, report, reportSigner } from './report.js';
import { performBadTokens, performCalls } from './tour/act.js';
import { type Compared, compareWithPlan, copyWithOneByteChanged, isEqual } from './tour/check.js';
import { createClients } from './tour/clients.js';
import { approvalAudience } from './tour/configuration.js';
import { type DemoFolder, emptyFiles, prepareFolder } from './tour/folder.js';
import type { Narrate } from './tour/narrate.js';
import { takeRegisters } from './tour/registers.js';
import { type Searched, searchFor } from './tour/search.js';
import { type ServedDemo, serveWorld } from './tour/serve.js';
import { startWorld, type World } from './tour/world.js';
import { version } from './version.js';

export type { Narrate, Tone } from './tour/narrate.js';
export type { ServedDemo } from './tour/serve.js';

export interface TourAsk {
  readonly dir: string;
  readonly seed: number;
  readonly narrate: Narrate;
  /** That of this process, where not given. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Whether gateway, page of approvals and report go on running; else everything has ended. */
  readonly serve?: boolean;
}

export interface Toured {
  readonly result: TourResult;
  /** Null where nothing was to go on. */
  readonly served: ServedDemo | null;
}

export interface TourResult {
  readonly dir: string;
  readonly seed: number;
  readonly pdf: string;
  readonly page: string;
  readonly package: string;
  readonly trust: string;
  readonly compared: readonly Compared[];
  readonly searched: Searched;
  readonly exits: { readonly alone: number; readonly trusted: number; readonly tampered: number };
}

const HOUR = 3_600_000;

/** Whole hours around the demo: a trail's digests are hourly. */
const hoursAround = (from: number, to: number): Period => {
  const first = Math.floor(from / HOUR) * HOUR;
  const last = (Math.floor(to / HOUR) + 1) * HOUR;
  if (last - first === HOUR) return parsePeriod(timestamp(first).slice(0, 'YYYY-MM-DDTHH'.length));
  return periodBetween(timestamp(first), timestamp(last));
};

/** The call in whose answer this AWS request id stood. */
const callOf = async (settings: Settings, requestId: string): Promise<string> => {
  for await (const { type, d } of readLedger(ledgerDir(settings.gateway.dataDir, settings.ledger.origin))) {
    const ids = type === 'result' ? d['aws_request_ids'] : null;
    const { call } = d;
    if (Array.isArray(ids) && ids.includes(requestId) && typeof call === 'string') return call;
  }
  throw new CountersignError('DEMO_FAILED', { problem: `no outcome names the AWS request ${requestId}` });
};

/** Acts while the world is up: calls, reviews, and what goes wrong on purpose. */
const act = async (world: World, folder: DemoFolder, clock: Clock, narrate: Narrate): Promise<Happened> => {
  const { plan, account, idp, settings, ports } = world;
  const clients = createClients(world, approvalAudience(ports));
  narrate('title', 'Agents and people call tools through the gateway');
  const requestIds = await performCalls(world, clients, folder.files, narrate);
  await performBadTokens(world, clients, narrate);
  narrate('title', 'What goes wrong, planted for the report to find');
  const missed = requestIds.get(plan.violations.missingEffect ?? '');
  const missingEffects = missed === undefined ? [] : [await callOf(settings, missed)];
  if (missed !== undefined) account.withhold(missed);
  const deps = { account, clock, sourceIdentityOf: (id: string) => sourceIdentity(idp.issuer, id) };
  const misused = await performMisuse(plan, deps);
  await clients.close();
  narratePlanted(plan, narrate);
  return { ...misused, missingEffects };
};

const narratePlanted = ({ violations }: Plan, narrate: Narrate): void => {
  for (const { user, operations } of violations.bypasses) {
    narrate(
      'planted',
      `${user} takes the servers' AWS role past the gateway: ${operations.map(({ name }) => name).join(', ')}`,
    );
  }
  for (const { operation } of violations.unexplained) {
    narrate('planted', `credentials of a session do ${operation.name}, which no call explains`);
  }
  narrate('planted', 'somebody tries to stop the CloudTrail log; AWS refuses, the attempt is logged');
  if (violations.missingEffect !== null)
    narrate('planted', 'a call that stopped an instance leaves no event in the logs');
};

const trustOf = async (world: World, delivery: Delivery, environment: NodeJS.ProcessEnv): Promise<Trust> => ({
  v: 1,
  ledgers: [world.gateway.ledgerKey],
  reports: [(await reportSigner(world.settings, environment)).key],
  cloudtrail: delivery.publicKeys,
});

interface Staged {
  readonly world: World;
  readonly happened: Happened;
  /** Ends what still runs of the world, and throws the planted files away. */
  readonly end: () => Promise<void>;
}

/** The world and what happens in it, until the gateway is closed; afterwards everything is in files. */
const stage = async (plan: Plan, folder: DemoFolder, ask: Required<TourAsk>, clock: Clock): Promise<Staged> => {
  const { narrate, environment } = ask;
  const log = pino({ name: 'countersign', base: null }, pino.destination(`${folder.dir}/gateway.log`));
  const world = await startWorld(plan, folder, { clock, log, version: version(), environment });
  const end = async (): Promise<void> => {
    await world.close();
    await emptyFiles(folder.files);
  };
  try {
    narrate('step', `identity provider with ${plan.people.length} people and an agent at ${world.idp.issuer}`);
    narrate('step', `gateway in front of 3 MCP servers at ${world.gateway.url}`);
    narrate('step', `sample AWS account ${world.account.accountId} (a stand-in) at ${world.account.endpoint}`);
    const happened = await act(world, folder, clock, narrate);
    await world.gateway.close('the demo is over');
    const delivery = await world.account.deliver();
    await writeFile(folder.trust, `${JSON.stringify(await trustOf(world, delivery, environment), null, 2)}\n`);
    return { world, happened, end };
  } catch (error) {
    await end();
    throw error;
  }
};

/** The finding that names the record, where one does. */
const sentence = ({ findings }: Verification): string => {
  const failures = findings.filter(({ severity }) => severity === 'integrity').map(({ message }) => message);
  return failures.find((message) => message.includes(', record ')) ?? failures[0] ?? 'nothing was found';
};

const verify = async (made: ReportSummary, folder: DemoFolder, narrate: Narrate): Promise<TourResult['exits']> => {
  narrate('title', 'The auditor verifies the package, offline');
  const alone = await verifyPath(made.dir);
  const open = alone.findings.filter(({ severity }) => severity === 'unestablished').length;
  narrate('note', `without a trust file: consistent, exit ${alone.exit}; ${open} things are not established`);
  const trusted = await verifyPath(made.dir, { trust: folder.trust });
  const left = trusted.findings.filter(({ severity }) => severity === 'unestablished').length;
  narrate(
    'note',
    `with one: signers and AWS digests established, exit ${trusted.exit}; ${left} left: the window not yet anchored`,
  );
  const changed = await copyWithOneByteChanged(made.dir, folder.tampered);
  const tampered = await verifyPath(changed.dir, { trust: folder.trust });
  narrate('denied', `one byte changed in a copy: exit ${tampered.exit}. ${sentence(tampered)}`);
  return { alone: alone.exit, trusted: trusted.exit, tampered: tampered.exit };
};

const failures = (result: TourResult): readonly string[] => [
  ...result.compared.filter((one) => !isEqual(one)).map(({ control }) => `${control} is not what was planted`),
  ...result.searched.found.map((file) => `a planted secret stands in ${file}`),
  ...(result.exits.alone === EXIT.unanchored ? [] : [`verification alone ended with ${result.exits.alone}`]),
  ...(result.exits.trusted === EXIT.unanchored ? [] : [`verification with trust ended with ${result.exits.trusted}`]),
  ...(result.exits.tampered === EXIT.integrity ? [] : [`the changed byte ended with ${result.exits.tampered}`]),
];

/** Collects, reports, compares with the plan and verifies. */
const reportOn = async ({ world, happened }: Staged, folder: DemoFolder, ask: Required<TourAsk>, started: number) => {
  const { narrate, environment, seed } = ask;
  const { plan, settings } = world;
  const clock = systemClock();
  narrate('title', 'Compliance staff collect and report');
  const collected = await collectCloudTrail({ settings });
  narrate(
    'step',
    `${collected.events} CloudTrail events from ${collected.files} files, ${collected.digests.valid} digests valid`,
  );
  const issuer = settings.issuers[0]?.issuer ?? '';
  const taken = await takeRegisters(folder.dir, { plan, settings, issuer, started });
  narrate(
    'step',
    `${taken} registers and exports of the organisation: leavers, reviews, changes, cases, disclosures, people`,
  );
  const period = hoursAround(started, clock.now());
  const made = await report({ settings, period, version: version(), clock, environment });
  narrate('step', `${made.results.length} controls tested over every record of the period`);
  const compared = compareWithPlan(made.results, happened);
  for (const one of compared.filter(({ expected, found }) => expected + found > 0)) {
    narrate(isEqual(one) ? 'good' : 'bad', `${one.control}: ${one.found} found, ${one.expected} planted`);
  }
  const folders = [settings.gateway.dataDir, settings.evidence.outDir];
  const values = plan.secrets.map(({ value }) => value);
  const searched = await searchFor(values, folders);
  narrate(
    searched.found.length === 0 ? 'good' : 'bad',
    `${plan.secrets.length} planted secrets searched in ${searched.files} files: found in ${searched.found.length}`,
  );
  const exits = await verify(made, folder, narrate);
  const { dir, trust } = folder;
  const result = { dir, seed, pdf: made.pdf, page: made.page, package: made.dir, trust, compared, searched, exits };
  const problems = failures(result);
  if (problems.length > 0) throw new CountersignError('DEMO_FAILED', { problem: problems.join('; ') });
  return result;
};

/**
 * The whole tour. Leaves a folder that the other commands work on, and where it is asked for what `ServedDemo` names.
 * @throws CountersignError DEMO_FAILED where the report is not what was planted
 */
export const tour = async (ask: TourAsk): Promise<Toured> => {
  const { narrate, environment = process.env, serve = false, seed } = ask;
  const full = { ...ask, environment, serve };
  const clock = systemClock();
  const started = clock.now();
  const folder = await prepareFolder(ask.dir);
  const plan = makePlan(seed);
  narrate('title', `A sample organisation on this machine, seed ${seed}`);
  const staged = await stage(plan, folder, full, clock);
  const { world, end } = staged;
  try {
    if (!serve) await end();
    const result = await reportOn(staged, folder, full, started);
    if (!serve) return { result, served: null };
    const served = await serveWorld({ world, packageDir: result.package, files: folder.files, narrate });
    const close = async (): Promise<void> => {
      await served.close();
      await end();
    };
    return { result, served: { ...served, close } };
  } catch (error) {
    await end();
    throw error;
  }
};
