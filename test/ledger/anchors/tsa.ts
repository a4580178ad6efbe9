/** A time stamp authority on this machine: `openssl ts` behind HTTP, with keys of its own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tsa {
  readonly url: string;
  readonly dir: string;
  /** DER of the authority's own certificate, and of the one that issued it. */
  readonly certificate: Buffer;
  readonly ca: Buffer;
  /** Set to refuse: answered with this HTTP status. */
  fault: number | null;
  requests: number;
  /** The response to a request, without HTTP. */
  reply(request: Buffer): Buffer;
  close(): Promise<void>;
}

const CONFIG = `
[req]
distinguished_name = dn
prompt = no
[dn]
CN = name
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[tsa_cert]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[other_cert]
basicConstraints = CA:false
extendedKeyUsage = critical,serverAuth
[tsa]
default_tsa = tsa1
[tsa1]
serial = ./serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`;

const openssl = (dir: string, ...args: string[]): void =>
  void execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });

const pemToDer = (path: string): Buffer =>
  Buffer.from(readFileSync(path, 'latin1').replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');

const keyArgs = (kind: 'rsa' | 'ec'): string[] =>
  kind === 'rsa'
    ? ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
    : ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** Makes a certificate authority and an authority's certificate in `dir`. */
const makeTsaKeys = (dir: string, kind: 'rsa' | 'ec' = 'ec'): void => {
  writeFileSync(join(dir, 'ts.cnf'), CONFIG);
  for (const name of ['ca', 'tsa', 'other']) openssl(dir, 'genpkey', ...keyArgs(kind), '-out', `${name}.key`);
  openssl(
    dir,
    'req',
    '-x509',
    '-new',
    '-key',
    'ca.key',
    '-subj',
    '/CN=Test CA',
    '-days',
    '30',
    '-config',
    'ts.cnf',
    '-extensions',
    'ca',
    '-out',
    'ca.pem',
  );
  for (const name of ['tsa', 'other']) {
    openssl(
      dir,
      'req',
      '-new',
      '-key',
      `${name}.key`,
      '-subj',
      `/CN=Test ${name}`,
      '-config',
      'ts.cnf',
      '-out',
      `${name}.csr`,
    );
    const extensions = ['-extfile', 'ts.cnf', '-extensions', `${name}_cert`];
    openssl(
      dir,
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '20',
      ...extensions,
      '-out',
      `${name}.pem`,
    );
  }
};

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
};

/** Starts an authority on a free port. */
export const startTsa = async (kind: 'rsa' | 'ec' = 'ec'): Promise<Tsa> => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-tsa-'));
  makeTsaKeys(dir, kind);
  const reply = (request: Buffer): Buffer => {
    writeFileSync(join(dir, 'request.tsq'), request);
    openssl(
      dir,
      'ts',
      '-reply',
      '-config',
      'ts.cnf',
      '-queryfile',
      'request.tsq',
      '-inkey',
      'tsa.key',
      '-signer',
      'tsa.pem',
      '-out',
      'response.tsr',
    );
    return readFileSync(join(dir, 'response.tsr'));
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    tsa.requests++;
    const good = request.method === 'POST' && request.headers['content-type'] === 'application/timestamp-query';
    const status = tsa.fault ?? (good ? 200 : 400);
    response.writeHead(status, { 'content-type': 'application/timestamp-reply' });
    response.end(status === 200 ? reply(body) : '');
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const tsa: Tsa = {
    url: `http://127.0.0.1:${port}/`,
    dir,
    certificate: pemToDer(join(dir, 'tsa.pem')),
    ca: pemToDer(join(dir, 'ca.pem')),
    fault: null,
    requests: 0,
    reply,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return tsa;
};
