import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertBegun, parsePeriod, periodBetween } from '../../../src/app/report/period.js';

const iso = ({ from, to }: { from: number; to: number }): string =>
  `${new Date(from).toISOString()} ${new Date(to).toISOString()}`;

describe('periods', () => {
  it.each([
    ['2026', '2026-01-01T00:00:00.000Z 2027-01-01T00:00:00.000Z', '2026'],
    ['2026-Q1', '2026-01-01T00:00:00.000Z 2026-04-01T00:00:00.000Z', '2026-Q1'],
    ['2026-Q4', '2026-10-01T00:00:00.000Z 2027-01-01T00:00:00.000Z', '2026-Q4'],
    ['2026-12', '2026-12-01T00:00:00.000Z 2027-01-01T00:00:00.000Z', '2026-12'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z 2024-03-01T00:00:00.000Z', '2024-02-29'],
    ['2026-11-24T23', '2026-11-24T23:00:00.000Z 2026-11-25T00:00:00.000Z', '2026-11-24T23Z'],
  ])('%s', (text, expected, label) => {
    const period = parsePeriod(text);
    expect(iso(period)).toBe(expected);
    expect(period.label).toBe(label);
  });

  it.each([
    '',
    '26',
    '2026-Q5',
    '2026-q1',
    '2026-13',
    '2026-00',
    '2026-02-30',
    '2025-02-29',
    '2026-11-24T24',
    '2026-11-24T05:00',
    '1999',
    '9999',
    ' 2026',
    '2026\n',
    '../2026',
  ])('refuses %j', (text) => {
    expect(() => parsePeriod(text)).toThrow(expect.objectContaining({ code: 'PERIOD_INVALID', exit: 2 }));
  });

  it.each([
    ['2026-11-24T05:00:00Z', '2026-11-24T07:00:00Z', '2026-11-24T05Z_2026-11-24T07Z'],
    ['2026-11-24T05:30:00Z', '2026-11-25T00:00:00Z', '2026-11-24T0530Z_2026-11-25'],
    ['2026-11-24T05:30:10.250+01:00', '2026-11-24T05:00:00Z', '2026-11-24T043010.250Z_2026-11-24T05Z'],
  ])('from %s to %s', (from, to, label) => {
    expect(periodBetween(from, to).label).toBe(label);
  });

  it.each([
    ['2026-11-24T05:00:00Z', '2026-11-24T05:00:00Z'],
    ['2026-11-24T06:00:00Z', '2026-11-24T05:00:00Z'],
    ['2020-11-24T06:00:00Z', '2026-11-24T05:00:00Z'],
    ['2026-11-24', '2026-11-25T00:00:00Z'],
    ['2026-02-30T00:00:00Z', '2026-11-25T00:00:00Z'],
    ['2026-11-24T05:00:00', '2026-11-25T00:00:00Z'],
    ['2026-11-24T05:00:61Z', '2026-11-25T00:00:00Z'],
  ])('refuses from %s to %s', (from, to) => {
    expect(() => periodBetween(from, to)).toThrow(expect.objectContaining({ code: 'PERIOD_INVALID' }));
  });

  it.each([
    ['FY2026', 1, '2026-01-01T00:00:00.000Z 2027-01-01T00:00:00.000Z'],
    ['FY2026-Q1', 1, '2026-01-01T00:00:00.000Z 2026-04-01T00:00:00.000Z'],
    ['FY2026', 7, '2025-07-01T00:00:00.000Z 2026-07-01T00:00:00.000Z'],
    ['FY2026-Q1', 10, '2025-10-01T00:00:00.000Z 2026-01-01T00:00:00.000Z'],
    ['FY2026-Q2', 10, '2026-01-01T00:00:00.000Z 2026-04-01T00:00:00.000Z'],
    ['FY2026-Q4', 2, '2025-11-01T00:00:00.000Z 2026-02-01T00:00:00.000Z'],
    ['FY2026-Q4', 12, '2026-09-01T00:00:00.000Z 2026-12-01T00:00:00.000Z'],
  ])('%s of a year that begins in month %i', (text, start, expected) => {
    expect(iso(parsePeriod(text, start))).toBe(expected);
    expect(parsePeriod(text, start).label).toBe(text);
  });

  it('the quarters of any fiscal year follow on each other and fill it', () => {
    const law = fc.property(fc.integer({ min: 2016, max: 2199 }), fc.integer({ min: 1, max: 12 }), (year, start) => {
      const whole = parsePeriod(`FY${year}`, start);
      const quarters = [1, 2, 3, 4].map((n) => parsePeriod(`FY${year}-Q${n}`, start));
      expect(quarters.map(({ from }) => from)).toEqual([whole.from, ...quarters.slice(0, 3).map(({ to }) => to)]);
      expect(quarters[3]?.to).toBe(whole.to);
      expect(parsePeriod(`FY${year + 1}`, start).from).toBe(whole.to);
    });
    fc.assert(law);
  });

  it.each(['FY26', 'FY2026-Q5', 'FY1999', 'fy2026', 'FY2026-01'])('refuses %j', (text) => {
    expect(() => parsePeriod(text, 7)).toThrow(expect.objectContaining({ code: 'PERIOD_INVALID' }));
  });

  it('one that has not begun is refused, with the day on which it begins', () => {
    const period = parsePeriod('2026-Q4');
    expect(() => assertBegun(period, period.from - 1)).toThrow(/"2026-Q4".*in the future: it begins on 2026-10-01/);
    expect(() => assertBegun(period, period.from)).toThrow(
      expect.objectContaining({ code: 'PERIOD_INVALID', exit: 2 }),
    );
    expect(() => assertBegun(period, period.from + 1)).not.toThrow();
  });

  it('any text is a period or a refusal, and labels can name a folder', () => {
    const piece = fc.constantFrom('FY2026', '2026', '-', 'Q', '1', '11', '24', 'T', '05', 'Z', ':', '/', '.', '0');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        try {
          const { from, to, label } = parsePeriod(pieces.join(''));
          expect(to).toBeGreaterThan(from);
          expect(label).toMatch(/^[0-9A-Z-]+$/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PERIOD_INVALID' });
        }
      }),
    );
  });
});
