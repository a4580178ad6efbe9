/** Shows an evidence package in a browser on this machine: the files that its manifest names, and no others. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { z } from 'zod';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.pdf': 'application/pdf',
  '.csv': 'text/csv; charset=utf-8',
  '.json': 'application/json',
  '.jsonl': 'application/x-ndjson',
  '.gz': 'application/gzip',
};

const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const manifest = z.looseObject({ files: z.array(z.looseObject({ path: z.string() })) });

/** A package in a browser. */
export interface ReportServer {
  /** Its first page: the report. */
  readonly url: string;
  close(): Promise<void>;
}

const refuse = (response: ServerResponse, status: number, says: string): void => {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' }).end(`${says}\n`);
};

/** Serves the package on a free port of loopback, without a login: whoever is on this machine can read its folder too. */
export const serveReport = async (dir: string): Promise<ReportServer> => {
  const { files } = manifest.parse(JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')));
  const paths = new Set(['/manifest.json', ...files.map(({ path }) => `/${path}`)]);
  const first = ['/report.html', '/report.pdf'].find((path) => paths.has(path)) ?? '/manifest.json';
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    // A page elsewhere that resolves its name to this address must not read it.
    if (headers.host !== host) return refuse(response, 421, 'this name is not served here');
    if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, 'this can only be read');
    if (url === '/') return void response.writeHead(302, { ...HEADERS, location: first }).end();
    if (!paths.has(url)) return refuse(response, 404, 'the package has no such file');
    const type = TYPES[extname(url)] ?? 'text/plain; charset=utf-8';
    response.writeHead(200, { ...HEADERS, 'content-type': type });
    if (method === 'HEAD') return void response.end();
    createReadStream(join(dir, url))
      .on('error', () => response.destroy())
      .pipe(response);
    return undefined;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url: `http://${host}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
