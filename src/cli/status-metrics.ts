/** What `status` found, for Prometheus: the text format that the textfile collector of node_exporter reads. */
import type { Status } from '../index.js';

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

const family = (name: string, help: string, rows: readonly string[]): string =>
  [`# HELP countersign_${name} ${help}`, `# TYPE countersign_${name} gauge`, ...rows, ''].join('\n');

/** Kinds that are always there, so that a rule sees 0 and not nothing. */
const KINDS = ['bypass'];

/** @param now milliseconds since 1970 */
export const statusMetrics = ({ calendar, matches, unread }: Status, now: number): string => {
  const counts = new Map<string, number>(KINDS.map((kind) => [kind, 0]));
  for (const { kind, count } of matches) {
    const word = kind.toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + count);
  }
  const open = calendar.map(({ source, days }) => [source, days.filter((day) => day !== 'full').length] as const);
  return [
    family(
      'events',
      'AWS events of the days looked at, by what correlation says.',
      [...counts].map(([kind, count]) => `countersign_events{kind=${quoted(kind)}} ${count}`),
    ),
    family(
      'uncovered_days',
      'Days on which a source is not whole.',
      open.map(([source, days]) => `countersign_uncovered_days{source=${quoted(source)}} ${days}`),
    ),
    family('unread_files', 'Collected files that were not read whole.', [`countersign_unread_files ${unread}`]),
    family('status_timestamp_seconds', 'When this was written.', [
      `countersign_status_timestamp_seconds ${Math.floor(now / 1_000)}`,
    ]),
  ].join('');
};
