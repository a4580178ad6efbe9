import { styleText } from 'node:util';

/** What the output stream can show. NO_COLOR (no-color.org) and pipes are respected. */
export interface Terminal {
  readonly color: boolean;
  readonly interactive: boolean;
  /** Columns to fill, at most 100; 80 where there is no terminal. */
  readonly width: number;
  paint(style: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string): string;
}

interface Stream {
  /** Absent where the stream is no terminal. */
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Describes standard output (answers) or standard error (progress and errors). */
export const terminal = (stream: Stream, env: NodeJS.ProcessEnv = process.env): Terminal => {
  const interactive = stream.isTTY ?? false;
  const color = interactive && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return {
    color,
    interactive,
    width: Math.min(stream.columns ?? 80, 100),
    paint: (style, text) => (color ? styleText(style, text) : text),
  };
};
