/**
 * A witness as a process of its own (C2SP tlog-witness), written from the specification with node built-ins alone:
 * `node witness.mjs <state file> <log verifier key>`. Prints its address and key as one line of JSON.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [stateFile = '', logKey = ''] = process.argv.slice(2);
const NAME = 'witness.example.com/w1';

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const node = (left, right) => sha256(Buffer.of(1), left, right);
const keyId = (name, type, raw) => sha256(`${name}\n`, Buffer.of(type), raw).subarray(0, 4);

const state = existsSync(stateFile)
  ? JSON.parse(readFileSync(stateFile, 'utf8'))
  : {
      key: generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }),
      size: 0,
      root: sha256().toString('base64'),
    };
const persist = () => {
  writeFileSync(`${stateFile}.new`, JSON.stringify(state));
  renameSync(`${stateFile}.new`, stateFile);
};
persist();

const own = createPrivateKey(state.key);
const ownRaw = Buffer.from(createPublicKey(own).export({ format: 'jwk' }).x, 'base64url');
// The base64 at the end may hold plus signs too.
const [, origin, logId, logMaterial] = /^([^+]+)\+([^+]+)\+(.*)$/.exec(logKey);
const logRaw = Buffer.from(logMaterial, 'base64').subarray(1);
const logPublic = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: logRaw.toString('base64url') },
  format: 'jwk',
});

const isConsistent = (first, second, firstRoot, secondRoot, proof) => {
  if (first === second) return proof.length === 0 && firstRoot.equals(secondRoot);
  return first === 0 ? proof.length === 0 : isExtension(first, second, firstRoot, secondRoot, proof);
};

/** RFC 9162 §2.1.4.2, for 0 < first < second. */
const isExtension = (first, second, firstRoot, secondRoot, proof) => {
  const path = [...proof];
  if ((first & (first - 1)) === 0) path.unshift(firstRoot);
  let fn = first - 1;
  let sn = second - 1;
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  let fr = path[0];
  let sr = path[0];
  if (!fr) return false;
  for (const hash of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = node(hash, fr);
      sr = node(hash, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else sr = node(sr, hash);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return fr.equals(firstRoot) && sr.equals(secondRoot) && sn === 0;
};

const isSigned = (text, signatures) =>
  signatures.some((line) => {
    const [, name, encoded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
    const bytes = Buffer.from(encoded ?? '', 'base64');
    const known = name === origin && bytes.toString('hex', 0, 4) === logId;
    return known && verify(null, Buffer.from(text), logPublic, bytes.subarray(4));
  });

const cosign = (text) => {
  const time = BigInt(Math.floor(Date.now() / 1000));
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(time);
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), own);
  return `\u2014 ${NAME} ${Buffer.concat([keyId(NAME, 4, ownRaw), head, signature]).toString('base64')}\n`;
};

/** The parts of a request; undefined where it is malformed. */
const parseAsk = (body) => {
  const split = body.indexOf('\n\n');
  const [oldLine = '', ...proof] = body.slice(0, split).split('\n');
  const [, oldText] = /^old (0|[1-9]\d*)$/.exec(oldLine) ?? [];
  const note = body.slice(split + 2);
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const [name, decimal, root] = text.split('\n');
  const [old, size] = [Number(oldText), Number(decimal)];
  if (split < 0 || !Number.isSafeInteger(old) || !Number.isSafeInteger(size) || proof.length > 63) return undefined;
  return { name, old, size, root, text, proof, signatures: note.slice(text.length + 1).split('\n') };
};

/** The status of a request that must be refused, in the order of the specification; 200 where none must. */
const judge = ({ old, size, root, proof }) => {
  if (old > size) return 400;
  const [before, after] = [state.root, root].map((text) => Buffer.from(text, 'base64'));
  if (old !== state.size || (old === size && !after.equals(before))) return 409;
  const hashes = proof.map((line) => Buffer.from(line, 'base64'));
  return isConsistent(old, size, before, after, hashes) ? 200 : 422;
};

/** Everything from reading the state to persisting it happens without waiting, so it is atomic. */
const addCheckpoint = (body) => {
  const ask = parseAsk(body);
  if (!ask) return { status: 400 };
  if (ask.name !== origin) return { status: 404 };
  if (!isSigned(ask.text, ask.signatures)) return { status: 403 };
  const status = judge(ask);
  if (status === 409) return { status, type: 'text/x.tlog.size', body: `${state.size}\n` };
  if (status !== 200) return { status };
  state.size = ask.size;
  state.root = ask.root;
  persist();
  return { status, type: 'text/plain; charset=utf-8', body: cosign(ask.text) };
};

const handle = async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const isAsk = request.method === 'POST' && request.url === '/add-checkpoint';
  const answer = isAsk ? addCheckpoint(Buffer.concat(chunks).toString('utf8')) : { status: 404 };
  response.writeHead(answer.status, answer.type === undefined ? {} : { 'content-type': answer.type });
  response.end(answer.body ?? '');
};

const server = createServer((request, response) => {
  handle(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const key = `${NAME}+${keyId(NAME, 4, ownRaw).toString('hex')}+${Buffer.concat([Buffer.of(4), ownRaw]).toString('base64')}`;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, key })}\n`);
});
