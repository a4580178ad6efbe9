import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/approval/channels/view.js';
import { createKeyboard, type KeySource } from '../../src/cli/keyboard.js';
import { ask, createStand, idOf, person } from '../approval/stand.js';

const start = async (decide: () => Promise<string>) => {
  const { acquire, approvals } = createStand();
  const approval = approvals.get(idOf(await acquire(ask(person('ada')))));
  if (!approval) throw new Error('no request');
  const view = viewOf({ ...approval, deadline: Date.now() + 60_000 }, { own: false, requireReason: false });
  const said: string[] = [];
  const raw: boolean[] = [];
  let listener: (chunk: Buffer) => void = () => {};
  const source: KeySource = {
    setRawMode: (on) => raw.push(on),
    resume: () => {},
    pause: () => {},
    on: (_event, given) => {
      listener = given;
    },
    off: () => {},
  };
  const keyboard = createKeyboard(source, {
    say: (line) => said.push(line),
    show: (id) => Promise.resolve(void said.push(`shown ${id}`)),
    decide,
  });
  const during = keyboard.during(20, [view]);
  return { keyboard, during, said, raw, view, type: (text: string) => listener(Buffer.from(text)) };
};

describe('the keyboard of watch', () => {
  it('shows first, then asks, then decides', async () => {
    const { keyboard, during, said, raw, view, type } = await start(() => Promise.resolve('Approved.'));
    type('a');
    type('y');
    await during;
    expect(said).toEqual([`shown ${view.id}`, expect.stringContaining('y confirms'), 'Approved.']);
    type('q');
    await keyboard.during(10_000, []);
    expect(keyboard.ended).toBe(true);
    keyboard.close();
    expect(raw).toEqual([true, false]);
  });

  it('says what failed, and goes on', async () => {
    const { keyboard, during, said, type } = await start(() =>
      Promise.reject(new Error('this request is decided already')),
    );
    type('dy');
    await during;
    expect(said.at(-1)).toBe('this request is decided already');
    expect(keyboard.ended).toBe(false);
    keyboard.close();
  });
});
