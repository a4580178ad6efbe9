/**
 * The servers of an MCP client's file: `.mcp.json`, Claude Desktop and Cursor (`mcpServers`), VS Code (`servers`).
 * No value that could be a secret is taken over: the configuration gets the name of an environment variable instead.
 */
import { z } from 'zod';
import { reason } from '../../base/errors.js';
import { parseJson, toValue } from '../../base/json.js';
import { createTextMasker } from '../../masking/mask.js';
import { webUrl } from '../config/fields.js';

type FromEnvironment = Readonly<Record<string, { readonly env: string }>>;

/** One entry under `servers:`, as it is written to the file. */
export type ServerEntry =
  | {
      readonly stdio: {
        readonly command: string;
        readonly args: readonly string[];
        readonly env?: Readonly<Record<string, string>>;
        readonly secretEnv?: FromEnvironment;
      };
    }
  | { readonly http: { readonly url: string; readonly headers?: FromEnvironment } };

export interface Imported {
  readonly servers: Readonly<Record<string, ServerEntry>>;
  /** Environment variables that the gateway needs, in place of the values that were left behind. */
  readonly variables: readonly string[];
  /** Servers that were left out, each with the reason. */
  readonly skipped: readonly string[];
}

const clientServer = z.looseObject({
  command: z.string().min(1).max(4_096).optional(),
  args: z.array(z.string().max(4_096)).max(200).optional(),
  env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});
type ClientServer = z.output<typeof clientServer>;

const servers = z.record(z.string(), clientServer);
const clientFile = z.union([z.looseObject({ mcpServers: servers }), z.looseObject({ servers })]);

/** VS Code's files hold comments and trailing commas; texts in quotes are kept as they are. */
const withoutComments = (text: string): string =>
  text
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, quoted: string | undefined) => quoted ?? ' ')
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_, quoted: string | undefined) => quoted ?? '');

/** Settings that are no secret under any of these names; all others are left behind. */
const HARMLESS = new Set([
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_REGION',
  'DEBUG',
  'FASTMCP_LOG_LEVEL',
  'LANG',
  'LOG_LEVEL',
  'NODE_ENV',
  'TZ',
]);

const isHarmless = (name: string, value: string): boolean => HARMLESS.has(name) && /^[\w./:-]{0,60}$/.test(value);

const SECRET_FLAG = /(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|auth|header)/i;

const maskSecrets = createTextMasker({ name: 'import', detectors: ['secrets'], keys: ['password', 'token', 'secret'] });

/** A user in an address, or a query: both often hold a secret. */
const LOADED_ADDRESS = /[a-z][a-z0-9+.-]*:\/\/(?:[^/\s]*@|\S*\?)/i;

/** Whether an argument is a secret, names one with its value, or is a flag that takes one. */
const holdsSecret = (args: readonly string[]): boolean =>
  args.some((arg, at) => {
    if (maskSecrets(arg).text !== arg || LOADED_ADDRESS.test(arg)) return true;
    const [name = '', value] = arg.split('=', 2);
    if (!SECRET_FLAG.test(name)) return false;
    return value !== undefined || (arg.startsWith('-') && !(args[at + 1] ?? '-').startsWith('-'));
  });

const idOf = (name: string, taken: ReadonlySet<string>): string => {
  const plain =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 28) || 'server';
  for (let n = 1; ; n++) {
    const id = n === 1 ? plain : `${plain}-${n}`;
    if (!taken.has(id)) return id;
  }
};

const upper = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]+/g, '_');

/** A variable of its own for each server, where two ask for the same name. */
const variableOf = (id: string, name: string, taken: Set<string>): string => {
  const plain = upper(name).replace(/^(?=\d)/, '_');
  const variable = taken.has(plain) ? `${upper(id).replace(/^(?=\d)/, '_')}_${plain}` : plain;
  taken.add(variable);
  return variable;
};

const stdioOf = (id: string, { command = '', args = [], env = {} }: ClientServer, taken: Set<string>): ServerEntry => {
  const clear = Object.entries(env).filter(([name, value]) => isHarmless(name, value));
  const hidden = Object.entries(env)
    .filter(([name, value]) => !isHarmless(name, value))
    .map(([name]) => [name, { env: variableOf(id, name, taken) }] as const);
  return {
    stdio: {
      command,
      args,
      ...(clear.length > 0 && { env: Object.fromEntries(clear) }),
      ...(hidden.length > 0 && { secretEnv: Object.fromEntries(hidden) }),
    },
  };
};

const httpOf = (id: string, url: string, { headers = {} }: ClientServer, taken: Set<string>): ServerEntry => {
  const hidden = Object.keys(headers).map(
    (name) => [name.toLowerCase(), { env: variableOf(id, `${id}_${name}`, taken) }] as const,
  );
  return { http: { url, ...(hidden.length > 0 && { headers: Object.fromEntries(hidden) }) } };
};

/** Why a server cannot be taken over; undefined where it can. */
const obstacle = ({ command, args = [], url }: ClientServer): string | undefined => {
  if (command === undefined && url === undefined) return 'it has neither a command nor a url';
  if (command !== undefined && url !== undefined) return 'it has both a command and a url';
  if (holdsSecret(args)) return 'its arguments hold what may be a secret; give it by secretEnv';
  if ([command ?? '', ...args, url ?? ''].some((text) => text.includes('${'))) {
    return 'it holds a variable of the client, such as ${input:…}; write it by hand';
  }
  if (url !== undefined && !webUrl.safeParse(url).success) {
    return 'its url holds a user, a query or a fragment, or is none; give secrets by headers';
  }
  return undefined;
};

/**
 * Takes over the servers of client files, in their order.
 * @param texts the content of each file
 * @throws Error where a text is no such file; the message holds nothing of it
 */
export const importServers = (texts: readonly string[]): Imported => {
  const found: Record<string, ServerEntry> = {};
  const [ids, variables, skipped] = [new Set<string>(), new Set<string>(), [] as string[]];
  for (const text of texts) {
    for (const [name, server] of Object.entries(readClientFile(text))) {
      const problem = obstacle(server);
      if (problem !== undefined) {
        skipped.push(`${idOf(name, new Set())}: ${problem}`);
        continue;
      }
      const id = idOf(name, ids);
      ids.add(id);
      const { url } = server;
      found[id] = url === undefined ? stdioOf(id, server, variables) : httpOf(id, url, server, variables);
    }
  }
  return { servers: found, variables: [...variables], skipped };
};

const readClientFile = (text: string): z.output<typeof servers> => {
  let value: unknown;
  try {
    value = toValue(parseJson(Buffer.from(withoutComments(text))));
  } catch (error) {
    throw new Error(`it is no JSON: ${reason(error)}`, { cause: error });
  }
  const parsed = clientFile.safeParse(value);
  if (!parsed.success) throw new Error('it holds no servers under mcpServers or servers, or not as clients write them');
  return 'mcpServers' in parsed.data ? servers.parse(parsed.data.mcpServers) : servers.parse(parsed.data.servers);
};
