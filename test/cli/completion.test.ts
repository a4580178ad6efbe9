import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionScript } from '../../src/cli/completion.js';
import { notFound } from '../../src/cli/not-found.js';

const COMMANDS = [
  { words: ['status'], flags: ['config', 'days', 'help'] },
  { words: ['approvals', 'list'], flags: ['json', 'help'] },
  { words: ['approvals', 'show'], flags: ['help'] },
  { words: ['report'], flags: ['period'] },
  { words: ['report', 'respond'], flags: ['answers'] },
];

/** What bash would offer behind these words, the last of them unfinished. */
const offered = (...words: readonly string[]): string => {
  const script = `${completionScript('bash', COMMANDS)}
COMP_WORDS=(countersign "$@"); COMP_CWORD=$#; _countersign; echo "\${COMPREPLY[*]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim();
};

describe('completion in bash', () => {
  it.each([
    [['']],
    [['st']],
    [['approvals', '']],
    [['approvals', 'l']],
    [['approvals', 'list', '--']],
    [['status', '--days', '3', '--c']],
    [['report', '']],
    [['nothing', 'x']],
  ])('%j', (words) => {
    expect(offered(...words)).toBe(
      {
        '': '--help --version approvals report status',
        st: 'status',
        'approvals ': 'list show',
        'approvals l': 'list',
        'approvals list --': '--help --json',
        'status --days 3 --c': '--config',
        'report ': '--period respond',
        'nothing x': '',
      }[words.join(' ')],
    );
  });
});

describe('a command that there is not', () => {
  const known = ['report', 'approvals list', 'approvals watch', 'ledger tail'];
  it.each([
    ['repotr', 'countersign report is probably what you mean'],
    ['approvals:lst', 'countersign approvals list is probably what you mean'],
    ['ledger:tial', 'countersign ledger tail is probably what you mean'],
    ['xylophone', 'countersign --help lists the commands'],
  ])('%s: %s', (id, hint) => {
    expect(notFound(id, known)).toEqual({ message: `there is no command ${id.replace(':', ' ')}`, hint });
  });
});
