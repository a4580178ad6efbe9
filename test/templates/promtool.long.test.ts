/** Prometheus' own checker reads the alert rules. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/app/metrics.js';
import { statusMetrics } from '../../src/cli/status-metrics.js';
import { ROOT } from '../layers.js';

test('promtool takes the alert rules', () => {
  const told = execFileSync('promtool', ['check', 'rules', join(ROOT, 'templates/observability/alerts.yaml')], {
    encoding: 'utf8',
  });
  expect(told).toMatch(/SUCCESS: \d+ rules found/);
});

test('promtool takes what is exposed', async () => {
  const metrics = createMetrics({ monotonic: () => 0 });
  metrics.watch(() => ({ sessions: 0, recording: true, records: 0, approvalsWaiting: 0, unanchoredRecords: 0 }));
  const calendar = [{ source: 'gateway', days: ['full', 'none'] as const }];
  const status = {
    from: '2026-11-01',
    calendar,
    matches: [],
    unread: 0,
    missing: [],
    unrecorded: [],
    exit: 0 as const,
  };
  for (const input of [statusMetrics(status, 0), await metrics.text()]) {
    const { status: code, stdout } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    // 3 is advice about names alone: a gauge that is a count of records may not end with _records_total.
    expect([0, 3], stdout).toContain(code);
  }
});
