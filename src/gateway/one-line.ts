import { compactJson } from '../base/json.js';

/**
 * JSON on one line, so that it fits a payload line and an event's data field: white space between tokens goes,
 * nothing else. Strict JSON has no raw control characters anywhere else.
 */
export const oneLine = (json: Buffer): Buffer => (json.some((byte) => byte < 0x20) ? compactJson(json) : json);
