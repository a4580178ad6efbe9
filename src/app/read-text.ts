/** A text that a person gives to a command: a file, or standard input. */
import { readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';

const LONGEST_TEXT = 64 * 1024 * 1024;

const readInput = async (input: AsyncIterable<Uint8Array | string>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > LONGEST_TEXT) throw new CountersignError('USAGE', { problem: 'the text is longer than 64 MiB' });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
};

/**
 * Reads the file, or standard input for `-`, up to 64 MiB.
 * @throws CountersignError USAGE
 */
export const readText = async (
  file: string,
  input: AsyncIterable<Uint8Array | string> = process.stdin,
): Promise<Buffer> => {
  if (file === '-') return readInput(input);
  try {
    return await readBounded(file, LONGEST_TEXT);
  } catch (error) {
    throw new CountersignError('USAGE', { problem: `${file} cannot be read: ${reason(error)}` });
  }
};
