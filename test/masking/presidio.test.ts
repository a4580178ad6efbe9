/**
 * A double of the Presidio analyzer. It checks every request against the published API (presidio-analyzer, POST
 * /analyze): a list of texts, a language, entities, a threshold; and answers with one list for each text, offsets in
 * code points.
 */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CountersignError } from '../../src/base/errors.js';
import { createMaskers } from '../../src/masking/mask.js';
import { createPresidio } from '../../src/masking/presidio.js';
import type { PresidioSettings } from '../../src/model/masking-settings.js';
import { httpServer, startHarness } from '../gateway/harness.js';
import { PROFILE } from './samples.js';

const NAMES = [
  ['PERSON', 'Ada Lovelace'],
  ['PERSON', 'Zoë Ålström'],
  ['LOCATION', 'Paris'],
] as const;

const request = z.strictObject({
  text: z.array(z.string().min(1)).min(1),
  language: z.literal('en'),
  entities: z.array(z.string()),
  score_threshold: z.number(),
});

const points = (text: string): number => Array.from(text).length;

const analyze = (text: string, entities: readonly string[]): readonly object[] =>
  NAMES.filter(([type]) => entities.includes(type)).flatMap(([type, name]) =>
    Array.from(text.matchAll(new RegExp(name, 'gu')), ({ index }) => ({
      analysis_explanation: null,
      end: points(text.slice(0, index)) + points(name),
      entity_type: type,
      score: 0.85,
      start: points(text.slice(0, index)),
    })),
  );

type Mood = 'well' | 'stalls' | 'errors' | 'babbles' | 'short' | 'hangs up';
let mood: Mood = 'well';
const broken: unknown[] = [];
let server: Server;
let settings: PresidioSettings;

const ANSWERS: Readonly<Record<'errors' | 'babbles' | 'short', readonly [number, string]>> = {
  errors: [500, '{"error":"no model"}'],
  babbles: [200, '<html>'],
  short: [200, '[]'],
};

beforeAll(async () => {
  server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const parsed = request.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      if (incoming.url !== '/analyze' || incoming.method !== 'POST' || !parsed.success) {
        broken.push(parsed.error ?? incoming.url);
        return response.writeHead(400).end('{}');
      }
      if (mood === 'stalls') return undefined;
      if (mood === 'hangs up') return incoming.socket.destroy();
      const { text, entities } = parsed.data;
      const [status, body] =
        mood === 'well' ? [200, JSON.stringify(text.map((one) => analyze(one, entities)))] : ANSWERS[mood];
      return response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  settings = {
    url: `http://127.0.0.1:${port}/`,
    language: 'en',
    entities: ['PERSON', 'LOCATION'],
    threshold: 0.5,
    timeout: 10_000,
  };
});
afterAll(() => {
  expect(broken).toEqual([]);
  server.closeAllConnections();
  server.close();
});

const about = { direction: 'to_client', tool: null, groups: [], base: '' } as const;
const masked = async (value: unknown, over: Partial<PresidioSettings> = {}): Promise<unknown> => {
  const maskers = createMaskers(PROFILE, {
    tokenOf: () => '',
    analyze: createPresidio({ ...settings, ...over }, fetch),
  });
  const { bytes } = await maskers('files', about)(Buffer.from(JSON.stringify(value)));
  return JSON.parse(bytes.toString('utf8'));
};

describe('names and places', () => {
  test('are masked beside what the detectors find', async () => {
    mood = 'well';
    expect(await masked({ a: '😀 Zoë Ålström of Paris, alice@example.com', b: ['Ada Lovelace', 7, ''] })).toEqual({
      a: '😀 [redacted:x-person] of [redacted:x-location], [redacted:email]',
      b: ['[redacted:x-person]', 7, ''],
    });
  });
  test('are masked in JSON inside a text, where names of members still hold', async () => {
    const text = '{"who": "Ada Lovelace", "password": "Ada Lovelace", "pin": 3}';
    expect(await masked({ text })).toEqual({
      text: '{"who": "[redacted:x-person]", "password": "[redacted:key]", "pin": 3}',
    });
  });
  test('pass below the threshold, and where they are not asked for', async () => {
    expect(await masked({ a: 'Paris' }, { threshold: 0.9 })).toEqual({ a: 'Paris' });
    expect(await masked({ a: 'Paris' }, { entities: ['PERSON'] })).toEqual({ a: 'Paris' });
  });
});

describe('without an answer everything is blocked', () => {
  test.each<[Mood, RegExp]>([
    ['stalls', /gave no answer/],
    ['errors', /status 500/],
    ['babbles', /gave no JSON/],
    ['short', /another answer than its API says/],
    ['hangs up', /gave no answer/],
  ])('one that %s', async (next, problem) => {
    mood = next;
    const impatient = next === 'stalls' ? { timeout: 300 } : {};
    await expect(masked({ a: 'nothing to see' }, impatient)).rejects.toThrow(problem);
    await expect(masked({ a: 'nothing to see' }, impatient)).rejects.toBeInstanceOf(CountersignError);
    expect(await masked({ a: 7 })).toEqual({ a: 7 });
  });
  test('one that is not there', async () => {
    await expect(masked({ a: 'nothing' }, { url: 'http://127.0.0.1:9' })).rejects.toThrow(/gave no answer/);
  });
  test('one that would be asked too much', async () => {
    await expect(masked({ a: 'nothing '.repeat(140_000) })).rejects.toThrow(/of this size/);
  });
});

test('through the gateway: the call is refused before it is forwarded, with a record', async () => {
  const reached: string[] = [];
  const upstream = createServer((incoming, response) => {
    reached.push(incoming.url ?? '');
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const maskers = createMaskers(PROFILE, {
    tokenOf: () => '',
    analyze: createPresidio({ ...settings, timeout: 300 }, fetch),
  });
  const harness = await startHarness({
    servers: [httpServer('files', `http://127.0.0.1:${port}/mcp`)],
    deps: { maskFor: ({ id }, what) => maskers(id, what) },
  });
  mood = 'stalls';
  await expect(harness.connect('files', 'jane')).rejects.toThrow(/could not be masked/);
  expect(reached).toEqual([]);
  const entries = await harness.entries();
  expect(entries.map(({ type }) => type)).toContain('refuse');
  expect(entries.map(({ type }) => type)).not.toContain('call');
  await harness.close();
  upstream.close();
});
