import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRequestStates, type StateAbout } from '../../src/gateway/request-state.js';

const clock = { at: 1_000, monotonic: () => clock.at };
const about = (more: Partial<StateAbout> = {}): StateAbout => ({
  principal: 'https://idp.test|ada',
  server: 'files',
  method: 'tools/call',
  target: 'write_file',
  args: 'hs256:0000:aaaa',
  ...more,
});
const states = createRequestStates({ clock });

it('comes back once, as it was, and says nothing to whoever carries it', () => {
  const payload = { approval: '01KAV8Z0000000000000000000', inner: ['x', 1, null] };
  const state = states.seal(about(), payload, 60_000);
  expect(state).toMatch(/^cs1\.[\w-]{11}\.[\w-]+$/);
  expect(Buffer.from(state.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('approval');
  expect(states.open(state, about())).toEqual({ ok: true, payload });
  expect(states.open(state, about())).toEqual({ ok: false, problem: 'replayed' });
});

it('two states over one thing differ, and each comes back once', () => {
  const [one, other] = [states.seal(about(), 'x', 1_000), states.seal(about(), 'x', 1_000)];
  expect(one).not.toBe(other);
  expect(states.open(other, about()).ok).toBe(true);
  expect(states.open(one, about()).ok).toBe(true);
});

it.each([
  [{ principal: 'https://idp.test|eve' }, 'foreign'],
  [{ server: 'billing' }, 'foreign'],
  [{ method: 'prompts/get' }, 'other_call'],
  [{ target: 'move_file' }, 'other_call'],
  [{ args: 'hs256:0000:bbbb' }, 'other_call'],
  [{ args: null }, 'other_call'],
] as const)('is for its call alone: %j is %s, and costs the owner nothing', (other, problem) => {
  const state = states.seal(about(), 'x', 60_000);
  expect(states.open(state, about(other))).toEqual({ ok: false, problem });
  expect(states.open(state, about()).ok).toBe(true);
});

it('ends', () => {
  const state = states.seal(about(), 'x', 60_000);
  clock.at += 60_000;
  expect(states.open(state, about())).toEqual({ ok: false, problem: 'expired' });
});

it('of another process is told apart', () => {
  const state = createRequestStates({ clock }).seal(about(), 'x', 60_000);
  expect(states.open(state, about())).toEqual({ ok: false, problem: 'earlier_run' });
});

it('any change of any character is noticed', () => {
  const state = states.seal(about(), { n: 1 }, 60_000);
  fc.assert(
    fc.property(fc.nat(state.length - 1), fc.string({ minLength: 1, maxLength: 2 }), (at, put) => {
      const changed = state.slice(0, at) + put + state.slice(at + 1);
      if (changed === state) return;
      const opened = states.open(changed, about());
      expect(opened.ok ? 'taken' : opened.problem).toMatch(/^(tampered|earlier_run)$/);
    }),
    { numRuns: 2_000 },
  );
  expect(states.open(state, about()).ok).toBe(true);
});

it.each(['', 'x', 'cs1..', `cs1.${'A'.repeat(11)}.`, `cs1.${'A'.repeat(70_000)}`, 'cs1.AAAAAAAAAAA.AAAA'])(
  'any other text is none: %.20s',
  (text) => expect(states.open(text, about()).ok).toBe(false),
);

it('one principal who never comes back costs others nothing', () => {
  const mine = states.seal(about({ principal: 'https://idp.test|bob' }), 'x', 60_000);
  const first = states.seal(about(), 'x', 60_000);
  for (let i = 0; i < 500; i++) states.seal(about(), 'x', 60_000);
  expect(states.open(first, about())).toEqual({ ok: false, problem: 'replayed' });
  expect(states.open(mine, about({ principal: 'https://idp.test|bob' })).ok).toBe(true);
});
