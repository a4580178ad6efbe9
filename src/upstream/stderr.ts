/** Standard error of a server process: lines for the operator's log, bounded in length and rate. */

const MAX_LINE = 4_096;
const WINDOW_MS = 60_000;
/** Lines passed on in one window; a server that writes more is loud, not important. */
const MAX_LINES = 200;

/**
 * Splits text into lines and passes them on, at most 200 a minute; what is left out is counted, and told when the
 * next line is passed on.
 * @param now monotonic milliseconds
 */
export const createStderrReader = (onLine: (line: string) => void, now: () => number): ((text: string) => void) => {
  let rest = '';
  let window = { until: 0, lines: 0 };
  let left = 0;
  const pass = (line: string): void => {
    if (now() >= window.until) window = { until: now() + WINDOW_MS, lines: 0 };
    if (++window.lines > MAX_LINES) {
      left++;
      return;
    }
    if (left > 0) onLine(`(${left} lines left out)`);
    left = 0;
    onLine(line);
  };
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) if (line.trim() !== '') pass(line.slice(0, MAX_LINE));
  };
};
