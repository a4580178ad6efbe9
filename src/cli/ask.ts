/** Questions on a terminal. */
import { createInterface } from 'node:readline/promises';

export interface Question {
  readonly text: string;
  /** Taken where the line is empty; shown in brackets. */
  readonly fallback: string;
}

/** Asks one question after the other; the end of the input is an empty line. */
export const askAll = async (
  questions: readonly Question[],
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<readonly string[]> => {
  const lines = createInterface({ input, output, terminal: false });
  const typed = lines[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const { text, fallback } of questions) {
      output.write(`${text}${fallback === '' ? '' : ` [${fallback}]`} `);
      const line = await typed.next();
      const answer = line.done ? '' : line.value.trim();
      answers.push(answer === '' ? fallback : answer);
    }
  } finally {
    lines.close();
  }
  return answers;
};
