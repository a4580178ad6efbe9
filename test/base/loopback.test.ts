import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../src/base/loopback.js';

describe('isLoopback', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])('%s stays on this machine', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.example.com',
    '127.example.com',
    '127.0.0.999',
    'localhost.example.com',
    'example.com',
  ])('%j does not', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
