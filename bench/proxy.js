/**
 * An echo call direct, through a bare pass-through, and through the gateway with everything on: OIDC tokens, policy,
 * masking, and a ledger with fdatasync before forward and before answer. Rounds alternate, so that a machine that
 * drifts drifts for all three; medians of the rounds are printed, and what each adds to the direct call.
 */
import { join } from 'node:path';
import { table } from './proxy/table.js';
import { end, freePort, start, startGateway, until } from './proxy/world.js';

const here = join(import.meta.dirname, 'proxy');

try {
  const ports = { upstream: await freePort(), bare: await freePort() };
  const at = (port) => `http://127.0.0.1:${port}/mcp`;
  const upstream = start([join(here, 'upstream.mjs'), String(ports.upstream)]);
  const bare = start([join(here, 'bare.mjs'), String(ports.bare), `http://127.0.0.1:${ports.upstream}`]);
  const gateway = await startGateway(`{ echo: { http: { url: '${at(ports.upstream)}' } } }`);
  await Promise.all([until(at(ports.upstream)), until(at(ports.bare))]);
  await table([
    { name: 'direct', pid: upstream, url: at(ports.upstream) },
    { name: 'bare pass-through', pid: bare, url: at(ports.bare) },
    { name: 'gateway', pid: gateway.pid, url: `${gateway.url}/echo/mcp`, token: gateway.token },
  ]);
  gateway.close();
} finally {
  await end();
}
