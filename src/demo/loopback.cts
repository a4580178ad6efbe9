/**
 * Preloaded into a sample server that would listen on all interfaces: binds it to 127.0.0.1 instead.
 * Used with `node --require`; for the demo and the tests alone.
 */
const net: typeof import('node:net') = require('node:net');

const original: unknown = Reflect.get(net.Server.prototype, 'listen');
if (typeof original !== 'function') throw new Error('net.Server has no listen');

Reflect.set(net.Server.prototype, 'listen', function listenOnLoopback(this: object, ...args: unknown[]): unknown {
  const [first, ...rest] = args;
  const callback = rest.find((arg) => typeof arg === 'function');
  const port = typeof first === 'object' && first !== null && 'port' in first ? first.port : first;
  return Reflect.apply(original, this, [{ host: '127.0.0.1', port: Number(port) }, callback]);
});
