import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { fieldName } from '../../../src/app/config/document.js';
import { checkConfiguration } from '../../../src/app/config.js';
import { GOOD } from './example.js';

type Path = readonly (string | number)[];

const json = z.json();
type Json = z.infer<typeof json>;
const example = (): Json => json.parse(parse(GOOD));

const isMapping = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths of everything in a tree, or of its mappings alone. */
const paths = (value: Json, wanted: (value: Json) => boolean, at: Path = []): readonly Path[] => {
  const own = wanted(value) ? [at] : [];
  if (Array.isArray(value)) return [...own, ...value.flatMap((item, index) => paths(item, wanted, [...at, index]))];
  if (!isMapping(value)) return own;
  return [...own, ...Object.entries(value).flatMap(([key, item]) => paths(item, wanted, [...at, key]))];
};

const change = (value: Json, path: Path, edit: (value: Json) => Json): Json => {
  const [step, ...rest] = path;
  if (step === undefined) return edit(value);
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? change(item, rest, edit) : item));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === step ? change(item, rest, edit) : item]),
  );
};

const check = (value: Json) => {
  const text = stringify(value);
  return { text, checked: checkConfiguration(text, 'countersign.yaml') };
};

/** Mappings whose keys are the user's own names: a further text value there is no error. */
const NAMES = /\.(?:env|headers|tools)$/;

describe('any configuration', () => {
  it('is refused with an unknown key at every level, and the place of that key', () => {
    const mappings = paths(example(), isMapping).filter((path) => !NAMES.test(fieldName(path)));
    expect(mappings.length).toBeGreaterThan(20);
    for (const path of mappings) {
      const { text, checked } = check(change(example(), path, (old) => (isMapping(old) ? { ...old, zz9: 'x' } : old)));
      const field = fieldName([...path, 'zz9']);
      const found = checked.ok ? undefined : checked.problems.find((problem) => problem.field === field);
      expect(found, field).toBeDefined();
      expect(text.split('\n')[(found?.line ?? 0) - 1], field).toContain('zz9');
    }
  });

  it('is either settings or problems with a place, whatever stands at any field', () => {
    const all = paths(example(), () => true);
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const { text, checked } = check(change(example(), path, () => json.parse(value)));
        if (checked.ok) return;
        expect(checked.problems.length).toBeGreaterThan(0);
        const lines = text.split('\n');
        for (const { line, column, message } of checked.problems) {
          expect(column - 1).toBeLessThanOrEqual(lines[line - 1]?.length ?? -1);
          expect(message).not.toBe('');
          expect(message).not.toMatch(/Invalid input|undefined|is not valid$/);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('never makes the parser throw, whatever the text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...Array.from('{}[]:,-&*!|>#\'"%@ \n\ta1')) }),
    );
    fc.assert(
      fc.property(text, (source) => {
        expect(checkConfiguration(source, 'countersign.yaml').ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
