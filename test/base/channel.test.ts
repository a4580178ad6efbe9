import { expect, test } from 'vitest';
import { Channel } from '../../src/base/channel.js';

test('a consumer that leaves a full channel lets the producer go on', async () => {
  const flow: boolean[] = [];
  const channel = new Channel<number>(2, (paused) => flow.push(paused));
  for (let i = 0; i < 5; i++) channel.push(i);
  expect(flow).toEqual([true]);
  for await (const value of channel) {
    expect(value).toBe(0);
    break;
  }
  expect(flow).toEqual([true, false]);
});

test('what is queued comes in order, then the error', async () => {
  const channel = new Channel<number>(8);
  channel.push(1);
  channel.push(2);
  channel.fail(new Error('broken'));
  const seen: number[] = [];
  const read = async (): Promise<void> => {
    for await (const value of channel) seen.push(value);
  };
  await expect(read()).rejects.toThrow('broken');
  expect(seen).toEqual([1, 2]);
});
