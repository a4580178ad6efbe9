import { parseJson, stringOf } from '../base/json.js';
import type { MaskMessage } from '../model/redaction.js';

/** One text as it may be recorded. Rejects where it cannot be masked. */
export const maskedText = async (mask: MaskMessage, text: string): Promise<string> => {
  const json = Buffer.from(JSON.stringify(text.toWellFormed()));
  const { bytes } = await mask(json);
  return bytes === json ? text : (stringOf(parseJson(bytes)) ?? '');
};
