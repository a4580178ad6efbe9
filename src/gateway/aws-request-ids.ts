import { JsonError, type JsonNode, parseJson } from '../base/json.js';

/** Names under which AWS SDKs and tools show the id that CloudTrail calls `requestID`. */
const NAMES: ReadonlySet<string> = new Set(['requestid', 'xamznrequestid', 'awsrequestid', 'xamzrequestid']);
const ID = /^[A-Za-z0-9-]{8,64}$/;
const MAX_IDS = 20;
const MAX_NODES = 5_000;
const MAX_TEXT = 65_536;

/** The AWS request ids shown in a tool's result, also in JSON inside its text: they join a call with its events. */
export const awsRequestIds = (result: JsonNode): readonly string[] => {
  const found = new Set<string>();
  let nodes = 0;
  const visit = (node: JsonNode, name: string, nested: boolean): void => {
    if (++nodes > MAX_NODES || found.size >= MAX_IDS) return;
    if (node.kind === 'array') for (const item of node.items) visit(item, name, nested);
    else if (node.kind === 'object') for (const { key, value } of node.members) visit(value, key.value, nested);
    else if (node.kind === 'string') visitString(node.value, name, nested);
  };
  const visitString = (value: string, name: string, nested: boolean): void => {
    if (NAMES.has(name.toLowerCase().replace(/[-_]/g, '')) && ID.test(value)) found.add(value);
    else if (!nested && value.startsWith('{') && value.length <= MAX_TEXT) visitText(value);
  };
  const visitText = (text: string): void => {
    try {
      visit(parseJson(Buffer.from(text)), '', true);
    } catch (error) {
      // Text that only looks like JSON holds no named ids.
      if (!(error instanceof JsonError)) throw error;
    }
  };
  visit(result, '', false);
  return [...found].sort();
};
