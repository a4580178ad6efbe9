import { UrlElicitationRequiredError } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { declinesPage, type WaitingCall, waitingBytes } from '../../src/gateway/waiting.js';

const APPROVAL = '01KAV8Z0000000000000000000';
const PAGE = 'https://approve.example.com';
const LINK = `${PAGE}/requests/${APPROVAL}`;
const call = (more: Partial<WaitingCall> = {}): WaitingCall => ({
  id: '"a"',
  era: 'legacy',
  revision: '2025-11-25',
  capabilities: {},
  approval: APPROVAL,
  sentence: 'Approval waits for one person of leads until 2026-11-24T12:00:00.000Z; call again.',
  page: PAGE,
  ...more,
});
const URLS = { elicitation: { url: {} } };
const told = (more: Partial<WaitingCall>, asked = false) =>
  JSON.parse(waitingBytes(call(more), () => 'sealed', asked).toString('utf8'));

describe('a call that waits', () => {
  it.each([
    ['of an older revision', { revision: '2025-06-18', capabilities: URLS }],
    ['of 2025-11-25 without URL elicitation', { capabilities: { elicitation: { form: {} } } }],
    ['of 2025-11-25 with elicitation that names no mode', { capabilities: { elicitation: {} } }],
    ['of a client that says nothing', { capabilities: null }],
  ])('%s: who can approve, where, and to call again, for the model to read', (_, more) => {
    const { id, result, error } = told(more);
    expect(error).toBeUndefined();
    expect(id).toBe('a');
    expect(result).toMatchObject({ isError: true, _meta: { 'countersign/approval': APPROVAL } });
    expect(result.content[0].text).toMatch(/not run.*one person of leads.*call again/);
    expect(result.content[0].text).toContain(LINK);
  });

  it('of 2025-11-25 with URL elicitation: the error that the official client knows', () => {
    const { error } = told({ capabilities: URLS });
    expect(error.code).toBe(-32_042);
    const known = new UrlElicitationRequiredError(error.data.elicitations, error.message);
    expect(known.code).toBe(error.code);
    expect(known.elicitations).toEqual([
      { mode: 'url', url: LINK, elicitationId: APPROVAL, message: expect.stringContaining('one person of leads') },
    ]);
  });

  it('of 2026-07-28: sealed state, and the page where URL elicitation is declared', () => {
    const modern = { era: 'modern', revision: '2026-07-28' } as const;
    expect(told(modern).result).toEqual({
      resultType: 'input_required',
      requestState: 'sealed',
      _meta: { 'countersign/approval': APPROVAL },
    });
    expect(told({ ...modern, capabilities: URLS }).result.inputRequests).toEqual({
      approval: {
        method: 'elicitation/create',
        params: { mode: 'url', url: LINK, message: expect.stringContaining('one person of leads') },
      },
    });
    // The user has seen it: the next leg is held again, not asked again.
    expect(told({ ...modern, capabilities: URLS }, true).result).not.toHaveProperty('inputRequests');
  });

  it.each(['legacy', 'modern'] as const)('without a page nothing leads to one: %s', (era) => {
    const text = JSON.stringify(told({ era, capabilities: URLS, page: null }));
    expect(text).not.toContain('http');
    expect(text).not.toContain('elicitation');
  });
});

it.each([
  [null, false],
  ['{}', false],
  ['{"approval":{"action":"accept"}}', false],
  ['{"approval":{"action":"decline"}}', true],
  ['{"approval":{"action":"cancel"}}', true],
  ['{"other":{"action":"cancel"}}', false],
])('%s: whether the user did not want to open the page', (responses, expected) => {
  expect(declinesPage(responses === null ? null : Buffer.from(responses))).toBe(expected);
});
