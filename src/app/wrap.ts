/** `countersign wrap`: a server over stdio that is one server of a running gateway, for clients that start processes. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { CountersignError } from '../base/errors.js';
import { lineSplitter } from '../base/line-splitter.js';
import { isLoopback } from '../base/loopback.js';
import { serverId } from './config/server-schema.js';
import { loadSettings } from './config.js';
import { createLogins } from './login/renew.js';
import { type StoredToken, tokenStore } from './token-store.js';
import { Connection } from './wrap/connection.js';
import { Relay } from './wrap/relay.js';
import { type Snippet, snippet, type WrapProgram } from './wrap/snippets.js';

/** Longest message of a client. The gateway's own bound, which is lower by default, is told in its answer. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

export interface WrapAsk {
  /** Id of a server in the gateway's configuration. */
  readonly server: string;
  /** Base address of the gateway; absent: `gateway.publicUrl` of the configuration. */
  readonly gateway?: string;
  readonly config?: string;
  /** The login store; absent: the user's own. */
  readonly store?: string;
}

export interface WrapStreams {
  readonly input: Readable;
  readonly output: Writable;
  /** A sentence for the person, on no protocol stream. */
  readonly tell: (sentence: string) => void;
}

const refuse = (problem: string): never => {
  throw new CountersignError('WRAP_ADDRESS', { problem });
};

/**
 * The address of the gateway. A token goes there, so it must be https, or this machine.
 * @throws CountersignError WRAP_ADDRESS; CONFIG_…
 */
const baseOf = async ({ server, gateway, config }: WrapAsk): Promise<URL> => {
  if (!serverId.safeParse(server).success) refuse(`${server} is no id of a server`);
  const base = gateway ?? (await configured(server, config));
  const url = URL.canParse(base) ? new URL(base) : refuse(`${base} is no address`);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!safe) refuse(`${base} is no https address`);
  if (url.username || url.password || url.search || url.hash || url.pathname !== '/')
    refuse(`${base} has more than scheme, host and port`);
  return url;
};

const configured = async (server: string, config: string | undefined): Promise<string> => {
  const settings = await loadSettings(config);
  const ids = settings.servers.map(({ id }) => id);
  return ids.includes(server) ? settings.gateway.publicUrl : refuse(`there is no server ${server} (${ids.join(', ')})`);
};

/**
 * What a program is told so that it starts this.
 * @param run how this program is run, with absolute paths: desktop programs know no shell's PATH
 * @throws CountersignError WRAP_ADDRESS, CONFIG_…
 */
export const wrapSnippet = async (program: WrapProgram, ask: WrapAsk, run: readonly string[]): Promise<Snippet> => {
  const { origin } = await baseOf(ask);
  const store = ask.store === undefined ? [] : ['--store', resolve(ask.store)];
  return snippet(program, ask.server, [...run, 'wrap', ask.server, '--gateway', origin, ...store]);
};

/** Where a token names an address as its audience, it is sent to that host alone. */
const checkAudience = ({ audience }: StoredToken, url: URL): void => {
  const named = URL.canParse(audience) ? new URL(audience) : undefined;
  if (named?.protocol.startsWith('http') && named.host !== url.host)
    refuse(`the login is for ${named.host}, not for ${url.host}`);
};

/** Writes a line, and waits where the reader is slow. */
const writer =
  (output: Writable) =>
  async (line: Buffer): Promise<void> => {
    if (!output.write(Buffer.concat([line, Buffer.from('\n')]))) await once(output, 'drain');
  };

/**
 * Serves until the client closes its end. A login is renewed before it ends, where its issuer lets it. One that is missing or has expired is told in the answer to each call;
 * a new one counts at once.
 * @throws CountersignError WRAP_ADDRESS, CONFIG_…
 */
export const runWrap = async (ask: WrapAsk, { input, output, tell }: WrapStreams): Promise<void> => {
  const url = new URL(`/${ask.server}/mcp`, await baseOf(ask));
  const store = tokenStore(ask.store);
  const login = createLogins(store);
  const connection = new Connection(url, async () => {
    const token = await login();
    checkAudience(token, url);
    return token.accessToken;
  });
  const relay = new Relay({ connection, send: writer(output), tell });
  const lines: Buffer[] = [];
  const split = lineSplitter(MAX_LINE_BYTES, (line) => lines.push(Buffer.from(line)));
  // A client that is gone cannot be written to; its closed input ends the loop below.
  output.on('error', () => input.destroy());
  try {
    for await (const chunk of input) {
      if (!split(chunk)) return tell(`the client sent a message over ${MAX_LINE_BYTES} bytes`);
      for (const line of lines.splice(0)) await relay.take(line);
    }
  } catch (error) {
    if (!input.destroyed) throw error;
  } finally {
    await relay.close();
  }
};
