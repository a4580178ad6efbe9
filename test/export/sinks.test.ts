import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { deliver } from '../../src/export/deliver.js';
import type { ExportEvent } from '../../src/export/record.js';
import { createFileSink } from '../../src/export/sinks/file.js';
import { createOtlpSink } from '../../src/export/sinks/otlp.js';
import { Rejected, type Sink } from '../../src/export/sinks/sink.js';
import { createSplunkSink } from '../../src/export/sinks/splunk.js';
import { syslogFrame } from '../../src/export/sinks/syslog.js';

const event = (seq: number): ExportEvent => ({
  seq,
  t: '2026-07-01T12:00:00.123Z',
  type: 'call',
  severity: 'medium',
  body: `{"n":${seq},"text":"é"}`,
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A receiver over HTTP that answers with these statuses, the last one for ever. */
const receiver = async (...statuses: number[]) => {
  const requests: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead((statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 500).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return { requests, url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/x` };
};

describe('sinks', () => {
  it('append to a file that its owner alone can read', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'countersign-sink-'));
    closers.push(() => rm(dir, { recursive: true }));
    const sink = createFileSink(join(dir, 'out.ndjson'));
    await sink.send([event(1), event(2)]);
    await sink.send([event(3)]);
    const lines = (await readFile(join(dir, 'out.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(lines).toEqual([1, 2, 3].map((seq) => event(seq).body));
  });

  it('speak to Splunk as its collector reads it', async () => {
    const { url, requests } = await receiver(200);
    const sink = createSplunkSink({ url, token: 't0ken', sourcetype: 'countersign', source: 'gw', fetch });
    await sink.send([event(1), event(2)]);
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Splunk t0ken' });
    expect(requests[0]?.body.split('\n').map((line) => JSON.parse(line))).toEqual(
      [1, 2].map((n) => ({
        time: 1_782_907_200.123,
        sourcetype: 'countersign',
        source: 'gw',
        event: { n, text: 'é' },
      })),
    );
  });

  it('speak OTLP to a collector', async () => {
    const { url, requests } = await receiver(200);
    await createOtlpSink({ url, headers: { 'x-key': 'k' }, origin: 'gw', fetch }).send([event(4)]);
    expect(requests[0]?.headers).toMatchObject({ 'x-key': 'k' });
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: '1782907200123000000',
                  severityNumber: 13,
                  body: { stringValue: event(4).body },
                  attributes: [{ value: { stringValue: 'call' } }, { value: { intValue: '4' } }],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it.each([
    [400, true],
    [413, true],
    [401, false],
    [429, false],
    [503, false],
  ])('take status %i for a refusal for good: %s', async (status, forGood) => {
    const { url } = await receiver(status);
    const sinks = [
      createSplunkSink({ url, token: 't', sourcetype: 's', source: 'g', fetch }),
      createOtlpSink({ url, headers: {}, origin: 'g', fetch }),
    ];
    for (const sink of sinks) {
      const error = await sink.send([event(1)]).catch((caught: unknown) => caught);
      expect(error instanceof Rejected).toBe(forGood);
      expect(String(error)).toContain(`answered ${status}`);
    }
  });

  it('frame a syslog message by its bytes', () => {
    const frame = syslogFrame(event(5), 'gate way\n1').toString('utf8');
    const text = '<108>1 2026-07-01T12:00:00.123Z gateway1 countersign - call - \uFEFF{"n":5,"text":"é"}';
    expect(frame).toBe(`${Buffer.byteLength(text)} ${text}`);
  });
});

describe('deliver', () => {
  const stand = (send: Sink['send']) => {
    const buried: number[] = [];
    const problems: (string | null)[] = [];
    const waits: number[] = [];
    const deps = {
      sink: { send, close: () => Promise.resolve() },
      bury: (events: readonly ExportEvent[]) => {
        buried.push(...events.map(({ seq }) => seq));
        return Promise.resolve();
      },
      onProblem: (problem: string | null) => problems.push(problem),
      wait: (ms: number) => {
        waits.push(ms);
        return waits.length > 8 ? Promise.reject(new Error('ended')) : Promise.resolve();
      },
    };
    return { deps, buried, problems, waits };
  };

  it('tries again with pauses that grow, and tells of the first failure and of the end', async () => {
    let failures = 3;
    const { deps, problems, waits } = stand(() =>
      failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve(),
    );
    await deliver(deps, [event(1)]);
    expect(problems).toEqual(['away', null]);
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });

  it('never gives up by itself', async () => {
    const { deps, waits } = stand(() => Promise.reject(new Error('away')));
    await expect(deliver(deps, [event(1)])).rejects.toThrow('ended');
    expect(waits.at(-1)).toBe(60_000);
  });

  it('buries the one event that is refused, and sends the others', async () => {
    const taken: number[] = [];
    const { deps, buried } = stand((events) => {
      if (events.some(({ seq }) => seq === 2)) return Promise.reject(new Rejected('bad'));
      taken.push(...events.map(({ seq }) => seq));
      return Promise.resolve();
    });
    await deliver(deps, [event(1), event(2), event(3)]);
    expect(taken).toEqual([1, 3]);
    expect(buried).toEqual([2]);
  });
});
