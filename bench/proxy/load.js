/** A closed loop of callers over keep-alive connections, and what each process used meanwhile. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

const TICK_US = 10_000;

/** User and system time of a process in microseconds (proc(5), fields 14 and 15 of stat). */
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
};

/** Resident set of a process, MiB. */
export const rss = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1024;

const post = (agent, url, headers, body) =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** Opens a session and gives the headers that go on in it. */
export const open = async (url, token) => {
  const agent = new Agent();
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  if (token) headers.authorization = `Bearer ${token}`;
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
  const answer = await post(
    agent,
    url,
    headers,
    JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
  );
  if (answer.status !== 200) throw new Error(`${url}: HTTP ${answer.status} ${answer.text}`);
  const session = answer.headers['mcp-session-id'];
  const inSession = session ? { ...headers, 'mcp-session-id': session } : headers;
  await post(agent, url, inSession, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
  agent.destroy();
  return inSession;
};

const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;

let nextId = 1;

/** Calls `echo` with `inFlight` callers for some seconds. Latencies in milliseconds, CPU in microseconds a call. */
export const load = async ({ url, headers, inFlight, seconds, pid }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const latencies = [];
  const end = performance.now() + seconds * 1000;
  const before = cpu(pid);
  const started = performance.now();
  const caller = async () => {
    while (performance.now() < end) {
      const id = nextId++;
      const at = performance.now();
      const answer = await post(
        agent,
        url,
        headers,
        `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello ${id}"}}}`,
      );
      latencies.push(performance.now() - at);
      if (answer.status !== 200 || !answer.text.includes(`Echo: hello ${id}`))
        throw new Error(`${url}: ${answer.status} ${answer.text}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const took = (performance.now() - started) / 1000;
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return {
    rate: latencies.length / took,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpu: (cpu(pid) - before) / latencies.length,
  };
};
