/**
 * A second detector over what was recorded. It shares no pattern with the first: secretlint's recommended rules for
 * secrets, and plain patterns of our own for personal data. What it finds, masking missed.
 */
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { type JsonNode, parseJson } from '../base/json.js';
import { rescan } from './rescan.js';

/** Something that shows in a recorded payload. Never holds the value. */
export interface Overlooked {
  /** JSON pointer in the payload. */
  readonly pointer: string;
  /** What the second detector calls it. */
  readonly kind: string;
  readonly by: 'secretlint' | 'patterns';
}

const PRESET = '@secretlint/secretlint-rule-preset-recommend';

interface Leaf {
  readonly pointer: string;
  readonly text: string;
}

const step = (token: string | number): string => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Every string of a document, names of members among them. */
const leavesOf = (root: JsonNode): readonly Leaf[] => {
  const leaves: Leaf[] = [];
  const pending: { readonly node: JsonNode; readonly pointer: string }[] = [{ node: root, pointer: '' }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { node, pointer } = next;
    if (node.kind === 'string') leaves.push({ pointer, text: node.value });
    else if (node.kind === 'array')
      pending.push(...node.items.map((item, i) => ({ node: item, pointer: pointer + step(i) })));
    else if (node.kind === 'object')
      for (const { key, value } of node.members) {
        leaves.push({ pointer, text: key.value });
        pending.push({ node: value, pointer: pointer + step(key.value) });
      }
  }
  return leaves;
};

const bySecretlint = async (leaves: readonly Leaf[]): Promise<readonly Overlooked[]> => {
  const starts: number[] = [];
  let content = '';
  for (const { text } of leaves) {
    starts.push(content.length);
    content += `${text}\n`;
  }
  const { messages } = await lintSource({
    source: { content, filePath: '/payload.txt', ext: '.txt', contentType: 'text' },
    options: { config: { rules: [{ id: PRESET, rule: creator }] }, maskSecrets: true },
  });
  return messages.map(({ messageId, range }) => {
    const at = starts.findLastIndex((start) => start <= range[0]);
    return { pointer: leaves[at]?.pointer ?? '', kind: messageId ?? 'unnamed', by: 'secretlint' };
  });
};

/**
 * What the second detector finds in one payload, in the order of the document.
 * @param json as recorded
 * @throws JsonError where it is not JSON
 */
export const audit = async (json: Uint8Array): Promise<readonly Overlooked[]> => {
  const leaves = leavesOf(parseJson(json));
  const byPatterns = leaves.flatMap(({ pointer, text }) =>
    rescan(text).map((kind): Overlooked => ({ pointer, kind, by: 'patterns' })),
  );
  return [...(await bySecretlint(leaves)), ...byPatterns];
};
