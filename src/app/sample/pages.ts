/** The traces of a sample: made from the package alone, offline, with a proof file of every record they name. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isArray, isObject, type JsonObject } from '../../base/json.js';
import { ledgerFolder, parsePayloadLine } from '../../ledger/format.js';
import { proveFrom } from '../../ledger/prove.js';
import type { Manifest } from '../../model/evidence.js';
import type { ProofFile } from '../../model/proof.js';
import type { Settings } from '../../model/settings.js';
import { exceptionId } from '../../report/responses.js';
import { gatherTraces, type TracedItem } from '../../report/trace/gather.js';
import { type PagesProof, payloadKey, type SamplePage, type SamplePages } from '../../report/trace/pages.js';
import type { Trace } from '../../report/trace/trace.js';
import { copyData, periodOf, readPackage, readShown, settingsOf } from '../report/from-package.js';
import { withWarehouse } from '../report/perform.js';

/** A sample as it was drawn. */
export interface DrawnItem extends TracedItem {
  readonly rank: number;
  readonly hmac: string;
}

export interface PagesAsk {
  /** Folder of the package. */
  readonly dir: string;
  readonly control: string;
  readonly population: SamplePages['population'];
  readonly nonce: string;
  readonly seed: string;
  readonly items: readonly DrawnItem[];
  /** Folder of the objects of AWS, where the package was made without them. */
  readonly raw?: string;
  /** Names of the files beside the pages, which they print. */
  readonly names: { readonly table: string; readonly proof: string };
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

export interface MadePages {
  readonly pages: SamplePages;
  /** Null where no item has a record. */
  readonly proof: ProofFile | null;
}

const word = (fields: JsonObject | undefined, name: string): string => {
  const value = fields?.[name];
  return typeof value === 'string' ? value : '';
};

/** What the report lists of each item, by item. */
const exceptionsOf = (control: string, fields: JsonObject | undefined) => {
  const listed = new Map<string, SamplePage['exceptions'][number][]>();
  const exceptions = fields?.['exceptions'];
  if (exceptions === undefined || !isArray(exceptions)) return listed;
  exceptions.forEach((one, i) => {
    if (!isObject(one)) return;
    const item = word(one, 'item');
    const line = { id: exceptionId(control, i), expected: word(one, 'expected'), found: word(one, 'found') };
    listed.set(item, [...(listed.get(item) ?? []), line]);
  });
  return listed;
};

const proofOf = async (dir: string, { ledgers }: Manifest, traces: readonly Trace[]): Promise<ProofFile | null> => {
  const [ledger] = ledgers;
  const seqs = [...new Set(traces.flatMap(({ records }) => records.map(({ seq }) => seq)))].sort((a, b) => a - b);
  if (ledger === undefined || seqs.length === 0) return null;
  const folder = join(dir, 'ledger', ledgerFolder(ledger.origin));
  return proveFrom({ dir: folder, ask: { kind: 'records', seqs }, at: ledger.size });
};

const payloadsOf = ({ records = [] }: ProofFile): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>();
  for (const line of records.flatMap(({ payloads }) => payloads)) {
    const { seq, name, data } = parsePayloadLine(Buffer.from(line));
    if (data !== null) texts.set(payloadKey(seq, name), data.toString());
  }
  return texts;
};

const printed = (proof: ProofFile | null, { ledgers }: Manifest, file: string, traces: readonly Trace[]) => {
  const [ledger] = ledgers;
  if (proof === null || ledger === undefined) return null;
  const seqs = [...new Set(traces.flatMap(({ records }) => records.map(({ seq }) => seq)))].sort((a, b) => a - b);
  const paths = proof.records ?? [];
  return {
    file,
    folder: ledgerFolder(ledger.origin),
    size: ledger.size,
    root: ledger.root,
    steps: new Map(seqs.map((seq, i) => [seq, paths[i]?.path.length ?? 0])),
    texts: payloadsOf(proof),
  } satisfies PagesProof;
};

const tracesOf = async (ask: PagesAsk, manifest: Manifest) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-sample-'));
  try {
    await copyData(ask.dir, manifest, dataDir, ask.raw);
    const settings: Settings = await settingsOf(ask.dir, manifest, dataDir);
    const { onProgress } = ask;
    const job = { settings, period: periodOf(manifest), ...(onProgress && { onProgress }) };
    const traces = await withWarehouse(job, ({ warehouse }) => gatherTraces(warehouse, ask.items));
    return { traces, accent: settings.organization.accent };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};

/**
 * The pages of a sample and the proof file of their records.
 * @throws CountersignError PACKAGE_UNSOUND, LEDGER_DAMAGED, and what building the warehouse throws
 */
export const makePages = async (ask: PagesAsk): Promise<MadePages> => {
  const { dir, control, names } = ask;
  const manifest = await readPackage(dir, ask.onProgress);
  const fields = (await readShown(dir)).get(control)?.fields;
  const { traces, accent } = await tracesOf(ask, manifest);
  const proof = await proofOf(dir, manifest, traces);
  const listed = exceptionsOf(control, fields);
  const pages = ask.items.flatMap((item, i) => {
    const trace = traces[i];
    return trace ? [{ ...item, exceptions: listed.get(item.item) ?? [], trace }] : [];
  });
  return {
    proof,
    pages: {
      organization: manifest.organization,
      accent,
      demo: manifest.demo,
      report: manifest.report,
      status: manifest.status,
      evidenceRoot: manifest.evidenceRoot,
      period: periodOf(manifest),
      control: {
        id: control,
        title: word(fields, 'title'),
        statement: word(fields, 'statement'),
        test: word(fields, 'test'),
      },
      population: ask.population,
      nonce: ask.nonce,
      seed: ask.seed,
      table: names.table,
      pages,
      proof: printed(proof, manifest, names.proof, traces),
    },
  };
};
