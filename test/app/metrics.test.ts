import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/app/metrics.js';
import { otlpRequest, pushMetrics } from '../../src/app/otlp-metrics.js';
import type { Ledger } from '../../src/model/ports.js';
import type { CallRecord, RecordDraft, ResultRecord } from '../../src/model/record.js';

const CALL = '01JD0000000000000000000001';
const call: CallRecord = {
  call: CALL,
  session: null,
  principal: {
    iss: 'https://idp.example',
    sub: 'ada',
    kind: 'human',
    groups: [],
    client_id: null,
    act: null,
    amr: [],
    acr: null,
    token: 'hs256:00:00',
    exp: 0,
  },
  server: 'files',
  method: 'tools/call',
  target: 'read_file',
  forwarded: true,
  args: null,
  redactions: { email: 2 },
  definition: null,
  decision: { effect: 'allow', rule: 'all', policy: 'p', reason: 'r' },
  approval: null,
  risk: 'low',
  credential: null,
  trace: null,
};
const result: ResultRecord = {
  call: CALL,
  intent: 0,
  status: 'ok',
  ms: 40,
  bytes: 1,
  redactions: { email: 1 },
  aws_request_ids: [],
};

const stand = () => {
  let now = 0;
  const failing = new Set<string>();
  const ledger: Ledger = {
    append: ({ type }) => {
      now += 3;
      return failing.has(type) ? Promise.reject(new Error('full')) : Promise.resolve({ seq: 0, leaf: '' });
    },
    healthy: true,
    close: () => Promise.resolve(),
  };
  const metrics = createMetrics({ monotonic: () => now });
  metrics.watch(() => ({ sessions: 2, recording: false, records: 9, approvalsWaiting: 1, unanchoredRecords: 4 }));
  return { metrics, failing, written: metrics.observe(ledger) };
};

test('what is on record is counted, by server, decision, outcome and detector', async () => {
  const { metrics, written } = stand();
  const drafts: readonly RecordDraft[] = [
    { type: 'call', d: call },
    { type: 'result', d: result },
    { type: 'masking', d: { event: 'failure', call: null, problem: 'x' } },
    { type: 'refuse', d: { reason: 'batch', principal: null, address: '203.0.113.7', server: null, count: 5 } },
  ];
  for (const draft of drafts) await written.append(draft);
  const text = await metrics.text();
  expect(text).toContain('countersign_calls_total{server="files",effect="allow"} 1');
  expect(text).toContain('countersign_results_total{server="files",status="ok"} 1');
  expect(text).toContain('countersign_call_duration_seconds_bucket{le="0.05",server="files"} 1');
  expect(text).toContain('countersign_call_duration_seconds_bucket{le="0.025",server="files"} 0');
  expect(text).toContain('countersign_redactions_total{detector="email"} 3');
  expect(text).toContain('countersign_masking_failures_total 1');
  expect(text).toContain('countersign_refusals_total{reason="batch"} 5');
  expect(text).toContain('countersign_ledger_append_seconds_sum 0.012');
  expect(text).toMatch(/^countersign_sessions 2$/m);
  expect(text).toMatch(/^countersign_recording 0$/m);
  expect(text).toMatch(/^countersign_unanchored_records 4$/m);
  expect(text).not.toMatch(/ada|203\.0\.113\.7|read_file/);
});

test('what could not be recorded is not counted', async () => {
  const { metrics, written, failing } = stand();
  failing.add('call');
  await expect(written.append({ type: 'call', d: call })).rejects.toThrow('full');
  expect(await metrics.text()).not.toContain('effect="allow"');
});

test('a collector gets counters, gauges and histograms as OTLP', async () => {
  const { metrics, written } = stand();
  await written.append({ type: 'call', d: call });
  await written.append({ type: 'result', d: { ...result, ms: 400_000 } });
  const service = { version: '1', origin: 'example.com/gw' };
  const request = otlpRequest(await metrics.values(), { from: 1_000, at: 2_000 }, service);
  const text = JSON.stringify(request);
  expect(text).toContain('{"key":"service.name","value":{"stringValue":"countersign"}}');
  const at = '"startTimeUnixNano":"1000000000","timeUnixNano":"2000000000"';
  const server = '{"key":"server","value":{"stringValue":"files"}}';
  expect(text).toContain(
    `"sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"attributes":[${server},{"key":"effect","value":{"stringValue":"allow"}}],${at},"asDouble":1}]}`,
  );
  expect(text).toContain(`"gauge":{"dataPoints":[{"attributes":[],${at},"asDouble":9}]}`);
  // Longer than the last bound: the bucket after it holds the call.
  expect(text).toMatch(
    /"count":"1","sum":400,"explicitBounds":\[0\.001,[^\]]*,300\],"bucketCounts":\[(?:"0",){16}"1"\]/,
  );
});

test('pushes go on after a collector was away, and a failure is told once', async () => {
  const { metrics } = stand();
  const bodies: string[] = [];
  let status = 503;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      bodies.push(`${String(incoming.headers['x-key'])} ${Buffer.concat(chunks).toString('utf8')}`);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const problems: string[] = [];
  const stop = pushMetrics(metrics, {
    url: `http://127.0.0.1:${port}/v1/metrics`,
    headers: { 'x-key': 'k' },
    interval: 20,
    service: { version: '1', origin: 'gw' },
    clock: { now: () => 5 },
    fetch,
    onProblem: (problem) => problems.push(problem),
  });
  await expect.poll(() => bodies.length).toBeGreaterThan(2);
  expect(problems).toEqual(['the collector answered 503']);
  status = 200;
  await stop();
  expect(bodies.at(-1)).toMatch(/^k \{"resourceMetrics":/);
  await new Promise((resolve) => server.close(resolve));
});
