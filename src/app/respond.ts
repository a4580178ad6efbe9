/** `report respond`: what management answers to the exceptions of a package, as a further, linked revision of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { instantOf, systemClock } from '../base/clock.js';
import { sha256 } from '../base/digest.js';
import { readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { at, parseJson, stringOf } from '../base/json.js';
import { parseVerifierKey } from '../base/note.js';
import { loadControls, loadCriteria } from '../controls/load.js';
import type { Manifest, Response, TestResult } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import type { Answers } from '../report/answers.js';
import { jsonOf } from '../report/json.js';
import { MAX_RESPONSE_BYTES, readResponses } from '../report/responses.js';
import { createFindings } from '../verify/findings.js';
import { checkRun } from '../verify/manifest.js';
import type { ReportAsk } from './report/ask.js';
import { stoppable, withRoom } from './report/ending.js';
import { copyData, packageWaivers, periodOf, readPackage, readShown, settingsOf } from './report/from-package.js';
import type { ReportJob } from './report/ledger.js';
import { makePackage, type Prepared, type ReportSummary } from './report/make.js';
import { type Performed, perform } from './report/perform.js';
import { changedFields, type ShownResult, shownResults } from './report/shown-results.js';
import { reportSigner } from './report.js';

export { responseFile } from '../report/responses.js';

const MAX_MANIFEST = 256 * 1024 * 1024;
/** As `verify` has it. */
const MAX_RUN = 1024 * 1024;

export interface RespondAsk extends Omit<ReportAsk, 'period'> {
  /** Folder of the package that is answered; it is read and not changed. */
  readonly dir: string;
  /** The responses as CSV. */
  readonly responses: Uint8Array;
  /** What they came from, for messages. */
  readonly source: string;
}

/** The exceptions of a package that can be answered, for asking. */
export interface OpenException {
  readonly control: string;
  readonly title: string;
  readonly owner: string;
  readonly exceptions: number;
}

/**
 * The controls of a package that have exceptions.
 * @throws CountersignError PACKAGE_UNSOUND, VERIFY_NOT_FOUND
 */
export const openExceptions = async (dir: string): Promise<readonly OpenException[]> => {
  await readPackage(dir);
  const shown = await readShown(dir);
  const word = ({ fields }: ShownResult, field: string): string => {
    const value = fields[field];
    return typeof value === 'string' ? value : '';
  };
  return [...shown]
    .filter(([, { exceptions }]) => exceptions > 0)
    .map(([control, result]) => ({
      control,
      title: word(result, 'title'),
      owner: word(result, 'owner'),
      exceptions: result.exceptions,
    }));
};

type Counts = ReadonlyMap<string, number>;

/** @throws CountersignError RESPONSES_INVALID */
const readFile = async (file: string, bytes: Uint8Array, counts: Counts): Promise<readonly Response[]> => {
  if (bytes.length > MAX_RESPONSE_BYTES)
    throw new CountersignError('RESPONSES_INVALID', { file, problems: 'it is larger than 16 MiB' });
  const { responses, problems } = await readResponses(bytes, counts);
  if (problems.length === 0) return responses;
  const named = problems.slice(0, 10).map(({ line, problem }) => `line ${line}: ${problem}`);
  if (problems.length > named.length) named.push(`and ${problems.length - named.length} more`);
  throw new CountersignError('RESPONSES_INVALID', { file, problems: named.join('; ') });
};

/** What was answered before, and what is answered now, in order. */
const answersOf = async (ask: RespondAsk, manifest: Manifest, counts: Counts): Promise<Answers> => {
  const earlier = manifest.files.map(({ path }) => path).filter((path) => path.startsWith('responses/'));
  const responses: Response[] = [];
  const files: { path: string; bytes: Uint8Array }[] = [];
  const take = async (name: string, source: string, bytes: Uint8Array): Promise<void> => {
    responses.push(...(await readFile(source, bytes, counts)));
    files.push({ path: name, bytes });
  };
  for (const path of earlier)
    await take(basename(path), path, await readBounded(join(ask.dir, path), MAX_RESPONSE_BYTES));
  await take(`${String(earlier.length + 1).padStart(4, '0')}.csv`, ask.source, ask.responses);
  const [text, signature] = [
    await readBounded(join(ask.dir, 'manifest.json'), MAX_MANIFEST),
    await readBounded(join(ask.dir, 'manifest.sig'), MAX_MANIFEST),
  ];
  return { responses, files, to: { report: manifest.report, manifest: text, signature } };
};

/**
 * As of when the package was judged, milliseconds since 1970, so that an answer alone turns no draft into a final report:
 * by its own `run.json`, which stands outside the manifest, and so must bear the signature of the report key itself.
 * @param key verifier key
 * @throws CountersignError PACKAGE_UNSOUND
 */
const asOfRun = async (dir: string, manifest: Uint8Array, key: string): Promise<number> => {
  const unsound = (problem: string, cause?: unknown): CountersignError =>
    new CountersignError('PACKAGE_UNSOUND', { dir, problem }, { cause });
  const run = await readBounded(join(dir, 'run.json'), MAX_RUN).catch((error: unknown) => {
    throw unsound(`run.json cannot be read: ${reason(error)}`, error);
  });
  const findings = createFindings();
  checkRun(run, sha256(manifest), [parseVerifierKey(key)], findings);
  const [fault] = findings.result(dir, 'package').findings;
  if (fault) throw unsound(fault.message.replace(/\.$/, ''));
  const now = instantOf(stringOf(at(parseJson(run), 'now')) ?? '');
  if (now === undefined) throw unsound('run.json does not say as of when it was judged');
  return now;
};

/** A revision that answers must show the same results: else it would answer something else. */
const assertSame = (dir: string, shown: ReadonlyMap<string, ShownResult>, results: readonly TestResult[]): void => {
  const again = shownResults(jsonOf({ results }));
  const ids = [...new Set([...shown.keys(), ...again.keys()])].sort();
  const changed = ids.filter((id) => changedFields(shown.get(id) ?? null, again.get(id) ?? null).length > 0);
  if (changed.length === 0) return;
  const problem = `this version of the program gives other results for ${changed.slice(0, 5).join(', ')}: answer it with the version that made it`;
  throw new CountersignError('PACKAGE_UNSOUND', { dir, problem });
};

/** What the revision is made from, but for what its tests give. */
const prepare = async (ask: RespondAsk, own: Settings, environment: NodeJS.ProcessEnv, now: number) => {
  const dir = resolve(ask.dir);
  const manifest = await readPackage(dir, ask.onProgress);
  const shown = await readShown(dir);
  const counts = new Map([...shown].map(([control, { exceptions }]) => [control, exceptions]));
  const answers = await answersOf({ ...ask, dir }, manifest, counts);
  const signer = await reportSigner(own, environment);
  const controls = await loadControls([join(dir, 'controls')]);
  const { criteria, text } = await loadCriteria(join(dir, 'controls/criteria.yaml'));
  const rest = {
    set: { controls, criteria, criteriaText: text },
    signer,
    outDir: dirname(dir),
    started: now,
    asOf: await asOfRun(dir, answers.to.manifest, signer.key),
    recorder: own,
    answers,
  } satisfies Omit<Prepared, keyof Performed | 'waived'>;
  return { dir, manifest, shown, rest };
};

/**
 * Issues a further revision of a package, with the responses, from the package's own evidence. Nothing that is there
 * is changed; the revision holds the manifest it answers and is signed by the report key of the configuration.
 * @throws CountersignError PACKAGE_UNSOUND, VERIFY_NOT_FOUND, RESPONSES_INVALID, DISK_FULL, KEY_FILE, SECRET_MISSING, and what building throws
 */
export const respond = async (ask: RespondAsk): Promise<ReportSummary> => {
  const { settings: own, clock = systemClock(), environment = process.env, version } = ask;
  const { dir, manifest, shown, rest } = await prepare(ask, own, environment, clock.now());
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-respond-'));
  const revise = async (): Promise<ReportSummary> => {
    await copyData(dir, manifest, dataDir, join(own.gateway.dataDir, 'raw'));
    const settings = await settingsOf(dir, manifest, dataDir);
    const period = periodOf(manifest);
    const withoutRaw = manifest.cloudtrail.leftOut === true;
    const job: ReportJob = { settings, period, version, withoutRaw, clock, environment, onProgress: stoppable(ask) };
    const { controls } = rest.set;
    const waived = await packageWaivers(dir, settings, controls, period);
    return perform({ ...job, now: rest.asOf }, { controls, waivers: waived.waivers }, (performed) => {
      assertSame(dir, shown, performed.results);
      return makePackage(job, { ...performed, ...rest, waived });
    });
  };
  try {
    return await withRoom(revise);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};
