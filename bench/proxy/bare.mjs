/** A pass-through that does nothing: `undici.dispatch`, the request buffered, the answer streamed. */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [port, upstream] = process.argv.slice(2);
const pool = new Pool(upstream, { connections: 256, headersTimeout: 0, bodyTimeout: 0 });
const HOP = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding']);

createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP.has(name)));
    pool.dispatch(
      { path: request.url, method: request.method, headers, body: chunks.length === 0 ? null : Buffer.concat(chunks) },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, fields) {
          response.writeHead(status, fields);
        },
        onResponseData(_controller, chunk) {
          response.write(chunk);
        },
        onResponseEnd() {
          response.end();
        },
        onResponseError() {
          response.destroy();
        },
      },
    );
  });
}).listen(Number(port), '127.0.0.1');
