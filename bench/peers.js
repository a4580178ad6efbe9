/**
 * The gateway with everything on beside programs that pass MCP on and record nothing. They are installed from npm into
 * a folder of their own for the time of the run. Two of them stand before servers over stdio alone, so the gateway is
 * measured there too; supergateway runs with sessions, as the gateway does.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { table } from './proxy/table.js';
import { end, freePort, start, startGateway, until } from './proxy/world.js';

const PEERS = ['mcp-proxy@6.7.19', 'supergateway@4.0.0', '@civic/passthrough-mcp-server@0.12.1'];

const here = join(import.meta.dirname, 'proxy');
const echo = join(here, 'upstream-stdio.mjs');
const at = (port) => `http://127.0.0.1:${port}/mcp`;
const peers = mkdtempSync(join(tmpdir(), 'countersign-peers-'));
/** They listen on all interfaces if they are let. */
const loopback = { NODE_OPTIONS: `--require ${join(import.meta.dirname, '../dist/demo/loopback.cjs')}` };

const install = () => {
  writeFileSync(join(peers, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...PEERS], {
    cwd: peers,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
};

const program = (path) => join(peers, 'node_modules', path);

const startPeers = async (upstream) => {
  const ports = { proxy: await freePort(), super: await freePort(), civic: await freePort() };
  const proxyArgs = [
    '--host',
    '127.0.0.1',
    '--port',
    String(ports.proxy),
    '--server',
    'stream',
    '--',
    process.execPath,
    echo,
  ];
  const superArgs = ['--stdio', `${process.execPath} ${echo}`, '--outputTransport', 'streamableHttp', '--stateful'];
  const civic = {
    ...loopback,
    TARGET_SERVER_URL: `http://127.0.0.1:${upstream}`,
    TARGET_SERVER_MCP_PATH: '/mcp',
    PORT: String(ports.civic),
  };
  const pids = {
    proxy: start([program('mcp-proxy/dist/bin/mcp-proxy.mjs'), ...proxyArgs]),
    super: start(
      [program('supergateway/dist/index.js'), ...superArgs, '--port', String(ports.super), '--logLevel', 'none'],
      loopback,
    ),
    civic: start([program('@civic/passthrough-mcp-server/dist/cli.js')], civic),
  };
  await Promise.all(Object.values(ports).map((port) => until(at(port))));
  return [
    { name: 'mcp-proxy, stdio', pid: pids.proxy, url: at(ports.proxy) },
    { name: 'supergateway, stdio', pid: pids.super, url: at(ports.super) },
    { name: '@civic/passthrough, HTTP', pid: pids.civic, url: at(ports.civic) },
  ];
};

try {
  install();
  const ports = { upstream: await freePort(), bare: await freePort() };
  const upstream = start([join(here, 'upstream.mjs'), String(ports.upstream)]);
  const bare = start([join(here, 'bare.mjs'), String(ports.bare), `http://127.0.0.1:${ports.upstream}`]);
  const stdio = `{ command: '${process.execPath}', args: ['${echo}'] }`;
  const servers = `{ http: { http: { url: '${at(ports.upstream)}' } }, stdio: { stdio: ${stdio} } }`;
  const { pid, url, token, close } = await startGateway(servers);
  await Promise.all([until(at(ports.upstream)), until(at(ports.bare))]);
  await table([
    { name: 'direct', pid: upstream, url: at(ports.upstream) },
    { name: 'bare pass-through', pid: bare, url: at(ports.bare) },
    { name: 'gateway, HTTP', pid, url: `${url}/http/mcp`, token },
    { name: 'gateway, stdio', pid, url: `${url}/stdio/mcp`, token },
    ...(await startPeers(ports.upstream)),
  ]);
  close();
} finally {
  await end();
  rmSync(peers, { recursive: true, force: true });
}
