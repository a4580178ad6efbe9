/** The command line's logins: one token per use, in one file that its owner alone can read. */
import { lstatSync, readFileSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { type Clock, systemClock, timestamp } from '../base/clock.js';
import { isSystemError, makeFolder, writeAtomic } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { TokenUse } from '../model/principal.js';

const MAX_BYTES = 262_144;

const Token = z.strictObject({
  issuer: z.string(),
  clientId: z.string(),
  /** The audience the token was asked for. */
  audience: z.string(),
  accessToken: z.string(),
  /** Seconds since 1970. */
  expiresAt: z.int(),
  subject: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  /** When the person logged in, seconds since 1970, where the issuer said so. */
  authTime: z.int().nullable(),
  /** Renews the login (RFC 6749 §6); absent where the issuer gave none, and for approvals, which ask for the person. */
  refreshToken: z.string().optional(),
});
const Content = z.strictObject({
  version: z.literal(1),
  tokens: z.strictObject({ mcp: Token.optional(), approval: Token.optional() }),
});
type Content = z.infer<typeof Content>;

/** A login. `accessToken` and `refreshToken` are secrets: sent to the gateway and to the issuer, and shown nowhere. */
export type StoredToken = z.infer<typeof Token>;

export interface TokenStore {
  readonly file: string;
  /**
   * The login for a use, which may have expired: see `readToken`.
   * @throws CountersignError TOKEN_STORE where the file is not as it was written, or readable by others
   */
  get(use: TokenUse): StoredToken | undefined;
  /** Replaces the login for a use; atomic, 0600, in a folder made 0700. */
  put(use: TokenUse, token: StoredToken): Promise<void>;
}

/** `$XDG_CONFIG_HOME/countersign/tokens.json`, else below `~/.config` (XDG Base Directory Specification). */
const defaultFile = (env: NodeJS.ProcessEnv): string => {
  const home = env['XDG_CONFIG_HOME'];
  // The specification has relative paths ignored.
  return join(home?.startsWith('/') ? home : join(homedir(), '.config'), 'countersign', 'tokens.json');
};

const check = (facts: Stats): string | undefined => {
  if (!facts.isFile()) return 'it is not a plain file';
  if (facts.size > MAX_BYTES) return `it is larger than ${MAX_BYTES} bytes`;
  const shared = process.platform !== 'win32' && (facts.mode & 0o077) !== 0;
  return shared ? 'others than its owner may read it' : undefined;
};

const read = (file: string): Content['tokens'] => {
  const unusable = (problem: string) => new CountersignError('TOKEN_STORE', { file, problem });
  try {
    const problem = check(lstatSync(file));
    if (problem !== undefined) throw unusable(problem);
    const parsed = Content.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    // The parser's own words could repeat what the file holds.
    if (!parsed.success) throw unusable('it does not have the form it was written in');
    return parsed.data.tokens;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return {};
    if (error instanceof CountersignError) throw error;
    throw unusable(error instanceof SyntaxError ? 'it is not JSON' : reason(error));
  }
};

/** @param file the store's file; the default is the user's own */
export const tokenStore = (file?: string, env: NodeJS.ProcessEnv = process.env): TokenStore => {
  const path = file === undefined ? defaultFile(env) : resolve(file);
  return {
    file: path,
    get: (use) => read(path)[use],
    put: async (use, token) => {
      const content: Content = { version: 1, tokens: { ...read(path), [use]: token } };
      try {
        await makeFolder(dirname(path));
        await writeAtomic(path, Buffer.from(`${JSON.stringify(content, null, 2)}\n`));
      } catch (error) {
        throw new CountersignError('TOKEN_STORE', { file: path, problem: reason(error) });
      }
    },
  };
};

/**
 * The login for a use that is good now.
 * @throws CountersignError NOT_LOGGED_IN where there is none or it has expired; TOKEN_STORE
 */
export const readToken = (store: TokenStore, use: TokenUse, clock: Clock = systemClock()): StoredToken => {
  const token = store.get(use);
  if (!token) throw new CountersignError('NOT_LOGGED_IN', { use, problem: 'no login is stored' });
  if (token.expiresAt * 1000 > clock.now()) return token;
  const problem = `the login expired at ${timestamp(token.expiresAt * 1000)}`;
  throw new CountersignError('NOT_LOGGED_IN', { use, problem });
};
