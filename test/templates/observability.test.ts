/** Dashboard and alert rules name what there is: each metric is one of `/metrics`, or of `status --metrics`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createMetrics } from '../../src/app/metrics.js';
import { statusMetrics } from '../../src/cli/status-metrics.js';
import { ROOT } from '../layers.js';

const text = (name: string): string => readFileSync(join(ROOT, 'templates/observability', name), 'utf8');

const STATUS = {
  from: '2026-11-01',
  calendar: [{ source: 'a "b"', days: ['full', 'partial', 'none'] as const }],
  matches: [{ kind: 'BYPASS', tier: '', count: 3 }],
  unread: 1,
  missing: [],
  unrecorded: [],
  exit: 11 as const,
};

/** Names of all series, with those of histograms. */
const known = async (): Promise<ReadonlySet<string>> => {
  const metrics = createMetrics({ monotonic: () => 0 });
  metrics.watch(() => ({ sessions: 0, recording: true, records: 0, approvalsWaiting: 0, unanchoredRecords: 0 }));
  const page = `${await metrics.text()}\n${statusMetrics(STATUS, 0)}`;
  const types = [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => [match[1] ?? '', match[2]] as const);
  return new Set(types.flatMap(([name, type]) => (type === 'histogram' ? [`${name}_bucket`, `${name}_sum`] : [name])));
};
const named = (expression: string): readonly string[] =>
  expression.match(/\b(?:countersign|process)_\w+/g)?.map(String) ?? [];

const rules = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^Countersign[A-Za-z]+$/),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
            annotations: z.strictObject({ summary: z.string().min(20), action: z.string().min(10) }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(text('alerts.yaml')));
const alerts = rules.groups.flatMap((group) => group.rules);

const dashboard = z
  .object({
    uid: z.string(),
    panels: z.array(
      z.object({
        id: z.int(),
        title: z.string(),
        gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
        targets: z.array(z.object({ expr: z.string() })).min(1),
      }),
    ),
  })
  .parse(JSON.parse(text('dashboard.json')));

describe('alert rules', () => {
  it('name metrics that there are', async () => {
    const names = await known();
    const asked = alerts.flatMap(({ expr }) => named(expr));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });

  it('cover what must not go unseen', () => {
    const names = alerts.map(({ alert }) => alert);
    for (const what of ['Bypass', 'AnchorLag', 'RecordingGap', 'NotRecording', 'DeniedSpike', 'MaskingFailure'])
      expect(names).toContain(`Countersign${what}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the dashboard', () => {
  it('names metrics that there are, and every one of the gateway', async () => {
    const names = await known();
    const asked = dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => named(expr)));
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
    const left = [...names].filter((name) => !asked.includes(name) && !name.endsWith('_sum'));
    expect(left.sort()).toEqual([
      'countersign_notices_dead_total',
      'countersign_status_timestamp_seconds',
      'countersign_unread_files',
    ]);
  });

  it('has panels that do not overlap', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

describe('status --metrics', () => {
  it('is the text format, with labels that cannot break out', () => {
    const page = statusMetrics(STATUS, 1_700_000_000_500);
    expect(page).toContain('countersign_events{kind="bypass"} 3\n');
    expect(page).toContain('countersign_uncovered_days{source="a \\"b\\""} 2\n');
    expect(page).toContain('countersign_status_timestamp_seconds 1700000000\n');
    expect(statusMetrics({ ...STATUS, matches: [] }, 0)).toContain('countersign_events{kind="bypass"} 0\n');
  });
});
