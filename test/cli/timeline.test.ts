import { expect, it } from 'vitest';
import { timelineLines } from '../../src/cli/timeline.js';
import { type Timeline, terminal } from '../../src/index.js';

const ID = '01M87TG2XP9KA3RKR2BZ9Z7YKP';
const CALL = '01M87TG2XN192CPV4KK4BDXA90';
const TIMELINE: Timeline = {
  kind: 'approval',
  more: false,
  entries: [
    {
      t: '2026-11-24T23:59:58.001Z',
      source: 'approval',
      what: 'requested',
      detail: 'Ada: files write_file, of the people who lead the platform',
      ref: ID,
    },
    {
      t: '2026-11-25T00:00:01.000Z',
      source: 'gateway',
      what: 'call',
      detail: 'Ada: files write_file, allow',
      ref: CALL,
    },
    { t: '2026-11-25T00:00:02.000Z', source: 'aws', what: 'StopInstances', detail: 'evil \u001b[31m', ref: CALL },
  ],
};

const at = (columns: number): readonly string[] =>
  timelineLines(terminal({ isTTY: true, columns }, { NO_COLOR: '1' }), TIMELINE, ID);

it('puts details beside what happened where there is room, and an id once', () => {
  expect(at(100)).toEqual([
    `approval ${ID}`,
    '',
    '2026-11-24 UTC',
    '23:59:58.001  approval  requested      Ada: files write_file, of the people who lead the platform',
    '',
    '2026-11-25 UTC',
    '00:00:01.000  gateway   call           Ada: files write_file, allow',
    `                                       ${CALL}`,
    expect.stringMatching(/^00:00:02.000 {2}aws {7}StopInstances {2}evil /),
  ]);
});

it('puts them below on a narrow terminal, cuts nothing and stays within its width', () => {
  const lines = at(60);
  expect(lines.every((line) => line.length <= 60)).toBe(true);
  expect(lines).toContain('23:59:58.001  approval  requested');
  expect(lines).toContain('              Ada: files write_file, of the people who lead');
  expect(lines).toContain('              the platform');
  expect(lines).toContain(`              ${CALL}`);
});

it('lets no control character through', () => {
  expect(at(100).join('').includes('\u001b')).toBe(false);
});
