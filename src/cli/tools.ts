/** Tools as the commands under `tools` show them. */
import type { ToolView, terminal } from '../index.js';
import { printable } from '../index.js';
import { type Column, table } from './print.js';

type Terminal = ReturnType<typeof terminal>;

const STATE_WORDS = {
  pinned: '✓ pinned',
  changed: '▲ changed',
  unpinned: '◆ not pinned',
  unlisted: '◆ not listed',
} as const;

const FLAG_WORDS = {
  hidden_characters: 'hidden characters',
  instructions: 'speaks to the model',
  very_long: 'very long',
} as const;

const stateOf = ({ state }: ToolView): string => (state === null ? '' : STATE_WORDS[state]);

export const flagsText = ({ flags }: ToolView): string => flags.map((flag) => FLAG_WORDS[flag]).join(', ');

/** An aligned table of tools. */
export const toolTable = (out: Terminal, tools: readonly ToolView[]): string[] => {
  const columns: readonly Column<ToolView>[] = [
    { head: 'server', cell: ({ server }) => server },
    { head: 'tool', cell: ({ tool }) => printable(tool) },
    {
      head: 'pin',
      cell: stateOf,
      paint: ({ state }, text) =>
        out.paint(state === 'pinned' ? 'green' : state === 'changed' ? 'red' : 'yellow', text),
    },
    { head: 'definition', cell: ({ digest }) => digest.slice(0, 12) },
    { head: 'seen since', cell: ({ since }) => since.slice(0, 10) },
    { head: 'look at', cell: flagsText, paint: (_, text) => out.paint('red', text) },
  ];
  const pinsInUse = tools.some(({ state }) => state !== null);
  return table(
    out,
    columns.filter(({ head }) => pinsInUse || head !== 'pin'),
    tools,
  );
};
