/**
 * Preloaded into a sample server that would listen on all interfaces: binds it to 127.0.0.1 instead.
 * Used with `node --require`; for the demo and the tests alone.
 */
const net: typeof import('node:net') = require('node:net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function listenOnLoopback(this: import('node:net').Server, ...args: unknown[]): import('node:net').Server {
  const [first, ...rest] = args;
  const callback = rest.find((arg) => typeof arg === 'function');
  const port = typeof first === 'object' && first !== null && 'port' in first ? first.port : first;
  return Reflect.apply(listen, this, [{ host: '127.0.0.1', port: Number(port) }, callback]);
};
