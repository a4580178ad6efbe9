import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/base/json.js';
import { createToolDefinitions } from '../../src/gateway/tools.js';
import type { RecordDraft } from '../../src/model/record.js';
import type { MaskMessage } from '../../src/model/redaction.js';
import { UNSAID_HINTS } from '../../src/model/tool.js';

const listOf = (description?: string) => {
  const tool = { name: 't', ...(description && { description }) };
  const bytes = Buffer.from(JSON.stringify({ result: { tools: [tool] } }));
  return { bytes, node: parseJson(bytes) };
};
const masked: MaskMessage = (bytes) => {
  const text = bytes.toString('utf8');
  return Promise.resolve({
    bytes: text.includes('hunter2') ? Buffer.from(text.replace('hunter2', '***')) : bytes,
    redactions: [],
  });
};

const stand = () => {
  const drafts: RecordDraft[] = [];
  const tools = createToolDefinitions({
    append: (draft) => {
      drafts.push(draft);
      return Promise.resolve({ seq: drafts.length, leaf: '' });
    },
  });
  return { tools, drafts };
};

describe('what a server says of its tools', () => {
  it('is kept masked, and anew where the definition changed', async () => {
    const { tools, drafts } = stand();
    await tools.observe('s', listOf('Says hunter2.'), masked);
    expect(tools.get('s', 't')).toMatchObject({ description: 'Says ***.' });
    await tools.observe('s', listOf('Says hunter2.'), masked);
    await tools.observe('s', listOf(), masked);
    expect(tools.get('s', 't')).toMatchObject({ description: null });
    expect(drafts.map(({ d }) => ('event' in d ? d.event : ''))).toEqual(['seen', 'changed']);
  });

  it('is learnt again after a restart, without a record of a change', async () => {
    const first = stand();
    await first.tools.observe('s', listOf('Reads.'), masked);
    const digest = first.tools.get('s', 't')?.digest ?? '';
    const second = stand();
    second.tools.restore({ server: 's', name: 't', digest, destructive: false, hints: UNSAID_HINTS });
    expect(second.tools.get('s', 't')?.description).toBeUndefined();
    await second.tools.observe('s', listOf('Reads.'), masked);
    expect(second.tools.get('s', 't')?.description).toBe('Reads.');
    expect(second.drafts).toEqual([]);
  });

  it('is seen again where its record was refused', async () => {
    const drafts: RecordDraft[] = [];
    let refuses = true;
    const tools = createToolDefinitions({
      append: (draft) => {
        if (refuses) return Promise.reject(new Error('the disk is full'));
        drafts.push(draft);
        return Promise.resolve({ seq: drafts.length, leaf: '' });
      },
    });
    await expect(tools.observe('s', listOf('Reads.'), masked)).rejects.toThrow('the disk is full');
    expect(tools.get('s', 't')).toBeUndefined();
    refuses = false;
    await tools.observe('s', listOf('Reads.'), masked);
    expect(drafts.length).toBe(1);
  });

  it('is cut where it is long, and says so', async () => {
    const { tools } = stand();
    await tools.observe('s', listOf('x'.repeat(5_000)), masked);
    expect(tools.get('s', 't')?.description).toBe(`${'x'.repeat(2_000)}… (3000 more characters)`);
  });
});
