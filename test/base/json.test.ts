import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical } from '../../src/base/canonical.js';
import { at, compactJson, inexactNumber, JsonError, type JsonNode, parseJson, toValue } from '../../src/base/json.js';

const parse = (text: string): JsonNode => parseJson(Buffer.from(text));

describe('parseJson', () => {
  test('agrees with JSON.parse on every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, indent) => {
        const text = JSON.stringify(value, null, indent ? 2 : 0);
        expect(JSON.stringify(toValue(parse(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('never accepts what JSON.parse refuses, and never throws anything but JsonError', () => {
    const fragment = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.',
      'e',
      'true',
      'null',
      ' ',
      '\n',
      '\u0000',
      'é',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let accepted = true;
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonError);
          accepted = false;
        }
        if (accepted) expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['{"a":1,"a":2}', 'duplicate member name at byte 7'],
    ['{"a":1,"\\u0061":2}', 'duplicate member name at byte 7'],
    ['{"x":{"a":1,"a":2}}', 'duplicate member name'],
    ['"\\ud800"', 'a lone surrogate'],
    ['\u{feff}{}', 'a byte order mark'],
    ['{} {}', 'text after the JSON value'],
    ['', 'the JSON text ends too early'],
    ['1e999', 'a number is out of range'],
    ['01', 'text after the JSON value'],
    ['"\t"', 'a control character'],
    ['tru', 'an unknown word'],
    ['[1,]', 'a JSON value is expected'],
    ['[['.repeat(40), 'nesting too deep'],
    [`1${'0'.repeat(330)}`, 'a number is too long'],
  ])('refuses %s', (text, problem) => {
    expect(() => parse(text)).toThrow(problem);
  });

  test('refuses invalid UTF-8', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('invalid UTF-8');
  });

  test('gives the bytes of each value', () => {
    const bytes = Buffer.from('{ "né" : [ "x\\u0041" , 12 ] }');
    const node = at(parseJson(bytes), 'né');
    expect(node && bytes.subarray(node.start, node.end).toString()).toBe('[ "x\\u0041" , 12 ]');
  });

  test('__proto__ is a name like any other', () => {
    const value = toValue(parse('{"__proto__":{"admin":true}}'));
    expect(Object.keys(Object(value))).toEqual(['__proto__']);
    expect(Object(value).admin).toBeUndefined();
  });
});

describe('inexactNumber', () => {
  test.each(['12345678901234567890', '0.10000000000000000001', '9007199254740993', '{"a":[1,{"b":1e23456}]}'])(
    'finds or refuses %s',
    (text) => {
      let found = true;
      try {
        found = inexactNumber(parse(text)) !== undefined;
      } catch (error) {
        expect(error).toBeInstanceOf(JsonError);
      }
      expect(found).toBe(true);
    },
  );

  test.each(['1', '-0', '1.0', '0.1', '1e3', '9007199254740991', '1.50', '100e-2', '5e-324'])('accepts %s', (text) => {
    expect(inexactNumber(parse(text))).toBeUndefined();
  });

  test('what a double prints is exact', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(inexactNumber(parse(JSON.stringify(number)))).toBeUndefined();
      }),
    );
  });
});

describe('compactJson', () => {
  test('drops white space between tokens and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const indented = Buffer.from(JSON.stringify(value, null, '\t '));
        expect(compactJson(indented).toString()).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('canonical', () => {
  test('sorts by UTF-16 code units (RFC 8785 §3.2.3)', () => {
    const value = toValue(parse('{"\\u20ac":1,"\\r":2,"\\ufb33":3,"1":4,"\\ud83d\\ude00":5,"\\u0080":6,"\\u00f6":7}'));
    expect(canonical(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  test('is a fixed point', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const once = canonical(toValue(parse(JSON.stringify(value))));
        expect(canonical(toValue(parse(once)))).toBe(once);
      }),
    );
  });
});
