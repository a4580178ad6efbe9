import { compactJson } from '../base/json.js';

/**
 * JSON on one line, so that it fits a payload line and an event's data field: white space between tokens goes,
 * nothing else. Strict JSON has no raw control characters anywhere else.
 */
export const oneLine = (json: Buffer): Buffer => {
  for (let at = 0; at < json.length; at++) if ((json[at] ?? 0) < 0x20) return compactJson(json);
  return json;
};
