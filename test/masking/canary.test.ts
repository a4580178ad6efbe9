import { describe, expect, test } from 'vitest';
import { flyCanaries } from '../../src/app/canary.js';
import { baits, flyCanary } from '../../src/masking/canary.js';
import { DETECTORS, RUN_DETECTORS } from '../../src/masking/detectors/index.js';
import { createMasker, createMaskers } from '../../src/masking/mask.js';
import { MASK_MODES } from '../../src/model/masking-settings.js';
import type { RecordDraft } from '../../src/model/record.js';
import { httpServer } from '../gateway/harness.js';
import { PROFILE } from './samples.js';

const GROUPS = ['secrets', 'personal', 'network'] as const;
const EVERYTHING = { ...PROFILE, detectors: GROUPS };

test('there is a value of every detector, another one for each seed', () => {
  const found = new Set(baits('1').map(({ detector }) => detector));
  const known = [...DETECTORS, ...RUN_DETECTORS].map(({ name }) => name);
  expect(known.filter((name) => name !== 'http-auth' && !found.has(name))).toEqual([]);
  expect(baits('1')).toEqual(baits('1'));
  const again = new Set(baits('2').map(({ value }) => value));
  expect(baits('1').filter(({ value }) => again.has(value))).toEqual([]);
});

describe('a flight', () => {
  test('finds nothing where masking works, in every mode', async () => {
    for (const seed of ['1', '2', '3', '4', '5']) {
      const result = await flyCanary(createMasker(EVERYTHING), GROUPS, seed);
      expect(result).toEqual({ values: baits(seed).length, leaked: [], problem: null });
    }
    for (const mode of MASK_MODES) {
      const rule = { id: 'r', mode, direction: null, servers: [], tools: [], groups: [] };
      const rules = [{ ...rule, pointers: [], keys: [], detectors: [] }];
      const maskers = createMaskers({ ...EVERYTHING, rules }, { tokenOf: () => '0123456789abcdef' });
      const mask = maskers('files', { direction: 'to_client', tool: null, groups: [], base: '' });
      expect((await flyCanary(mask, GROUPS, mode)).leaked).toEqual([]);
    }
  });
  test('names the detectors whose values come out', async () => {
    const result = await flyCanary((bytes) => ({ bytes, redactions: [] }), ['personal'], '1');
    const personal = baits('1').filter(({ group }) => group === 'personal');
    expect(personal.map(({ detector }) => detector)).toContain('iban');
    const leaked = personal.map(({ detector }) => detector);
    expect(result).toEqual({ values: personal.length, leaked, problem: null });
  });
  test('tells that masking fails', async () => {
    const failing = (): never => {
      throw new Error('no answer');
    };
    expect(await flyCanary(failing, GROUPS, '1')).toMatchObject({ leaked: [], problem: 'no answer' });
  });
});

test('every server has its record', async () => {
  const drafts: RecordDraft[] = [];
  const logged: object[] = [];
  await flyCanaries({
    settings: { servers: [httpServer('a', 'http://a.test'), httpServer('b', 'http://b.test')], masking: [PROFILE] },
    maskFor: ({ id }) => (id === 'a' ? createMasker(PROFILE) : (bytes) => ({ bytes, redactions: [] })),
    ledger: {
      append: (draft) => {
        drafts.push(draft);
        return Promise.resolve({ seq: 0, leaf: '' });
      },
    },
    log: { error: (facts) => logged.push(facts) },
  });
  expect(drafts.map(({ type }) => type)).toEqual(['masking', 'masking']);
  expect(drafts[0]?.d).toMatchObject({ event: 'canary', server: 'a', leaked: [], problem: null });
  expect(logged).toEqual([expect.objectContaining({ server: 'b' })]);
  expect(JSON.stringify(drafts)).not.toContain('canary.example.com');
});
