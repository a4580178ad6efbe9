/** A timeline as people read it on a terminal: when, where, what, and what is said of it, broken to the width. */
import { printable, type Timeline, type terminal } from '../index.js';
import { wrapped } from './print.js';

type Terminal = ReturnType<typeof terminal>;
type Entry = Timeline['entries'][number];

const STYLES = { gateway: 'cyan', approval: 'yellow', aws: 'green' } as const;

/** `HH:MM:SS.mmm` and two spaces. */
const TIME = 14;
const SOURCE = 10;
/** With less room beside them, details stand below. */
const BESIDE = 40;

const day = ({ t }: Entry): string => t.slice(0, 10);

/**
 * Lines for a terminal. An id stands once, until another follows; nothing is cut.
 * @param id what was asked for
 */
export const timelineLines = (out: Terminal, { kind, entries }: Timeline, id: string): readonly string[] => {
  const lines: string[] = [out.paint('bold', `${kind} ${printable(id)}`)];
  const what = Math.max(0, ...entries.map((entry) => printable(entry.what).length)) + 2;
  const beside = out.width - TIME - SOURCE - what;
  const indent = beside >= BESIDE ? TIME + SOURCE + what : TIME;
  for (const [i, entry] of entries.entries()) {
    const before = entries[i - 1];
    if (before === undefined || day(before) !== day(entry)) lines.push('', out.paint('dim', `${day(entry)} UTC`));
    const source = out.paint(STYLES[entry.source], entry.source.padEnd(SOURCE));
    const head = `${entry.t.slice(11, 23).padEnd(TIME)}${source}${printable(entry.what)}`;
    const details = entry.detail === '' ? [] : [...wrapped(printable(entry.detail), out.width - indent)];
    if (entry.ref !== '' && entry.ref !== before?.ref && entry.ref !== id)
      details.push(out.paint('dim', printable(entry.ref)));
    const [first, ...rest] = details;
    if (first === undefined) lines.push(head);
    else if (indent === TIME) lines.push(head, ...details.map((text) => ' '.repeat(indent) + text));
    else {
      const gap = ' '.repeat(what - printable(entry.what).length);
      lines.push(`${head}${gap}${first}`, ...rest.map((text) => ' '.repeat(indent) + text));
    }
  }
  return lines;
};
