/** Users, the one governed role and its STS sessions of the sample account. */
import type { Random } from '../random.js';
import type { AwsKeys } from './sigv4.js';

export interface IamUser {
  readonly kind: 'user';
  readonly name: string;
  readonly arn: string;
  /** `AIDA…` */
  readonly id: string;
  readonly keys: AwsKeys;
}

export interface RoleSession {
  readonly kind: 'session';
  readonly role: Role;
  readonly name: string;
  readonly sourceIdentity: string | null;
  readonly keys: AwsKeys;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly expires: number;
}

interface Role {
  readonly name: string;
  readonly arn: string;
  /** `AROA…` */
  readonly id: string;
}

export type Caller = IamUser | RoleSession;

export interface Identities {
  readonly role: Role;
  users(): readonly IamUser[];
  sessions(): readonly RoleSession[];
  find(accessKeyId: string): Caller | undefined;
  /** A new session of the role. */
  assume(name: string, sourceIdentity: string | null, created: number, expires: number): RoleSession;
  /** A machine that runs under a role of its own, as one on EC2 does: its session is none of `sessions`. */
  machine(roleName: string, created: number): RoleSession;
  /** A further long-lived key for a user; undefined where the user is unknown. */
  addKey(userName: string): AwsKeys | undefined;
}

const ID = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const SECRET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Longest session of a role (AWS STS, DurationSeconds), milliseconds. */
const MACHINE_SESSION = 12 * 3_600_000;
/** A sample account has few; the bound keeps a runaway client from filling memory. */
const MAX_KEYS = 10_000;

const arnOf = (caller: Caller, accountId: string): string =>
  caller.kind === 'user' ? caller.arn : `arn:aws:sts::${accountId}:assumed-role/${caller.role.name}/${caller.name}`;

/** ARN and unique id, as GetCallerIdentity and `userIdentity` name a caller. */
export const describeCaller = (caller: Caller, accountId: string): { readonly arn: string; readonly id: string } => ({
  arn: arnOf(caller, accountId),
  id: caller.kind === 'user' ? caller.id : `${caller.role.id}:${caller.name}`,
});

const createKeys = (random: Random, kind: 'AKIA' | 'ASIA'): AwsKeys => ({
  accessKeyId: kind + random.text(ID, 16),
  secretAccessKey: random.text(SECRET, 40),
  sessionToken: kind === 'ASIA' ? `IQoJb3Jp${random.bytes(180).toString('base64')}` : null,
});

const createRole = (name: string, accountId: string, random: Random): Role => ({
  name,
  arn: `arn:aws:iam::${accountId}:role/${name}`,
  id: `AROA${random.text(ID, 17)}`,
});

const createMachine = (role: Role, created: number, random: Random): RoleSession => ({
  kind: 'session',
  role,
  name: `i-0${random.text('0123456789abcdef', 16)}`,
  sourceIdentity: null,
  keys: createKeys(random, 'ASIA'),
  created,
  expires: created + MACHINE_SESSION,
});

const createUser = (name: string, accountId: string, random: Random): IamUser => ({
  kind: 'user',
  name,
  arn: `arn:aws:iam::${accountId}:user/${name}`,
  id: `AIDA${random.text(ID, 17)}`,
  keys: createKeys(random, 'AKIA'),
});

/** The identities of an account with one role. */
export const createIdentities = (
  accountId: string,
  roleName: string,
  userNames: readonly string[],
  random: Random,
): Identities => {
  const byKey = new Map<string, Caller>();
  const sessions: RoleSession[] = [];
  const remember = <T extends Caller>(caller: T): T => {
    if (byKey.size >= MAX_KEYS) throw new RangeError('the sample account has issued all the keys it can hold');
    byKey.set(caller.keys.accessKeyId, caller);
    return caller;
  };
  const role = createRole(roleName, accountId, random);
  const users = userNames.map((name) => remember(createUser(name, accountId, random)));

  return {
    role,
    users: () => users,
    sessions: () => sessions,
    find: (accessKeyId) => byKey.get(accessKeyId),
    assume: (name, sourceIdentity, created, expires) => {
      const session = remember({
        kind: 'session' as const,
        role,
        name,
        sourceIdentity,
        keys: createKeys(random, 'ASIA'),
        created,
        expires,
      });
      sessions.push(session);
      return session;
    },
    machine: (name, created) => remember(createMachine(createRole(name, accountId, random), created, random)),
    addKey: (userName) => {
      const owner = users.find(({ name }) => name === userName);
      return owner && remember({ ...owner, keys: createKeys(random, 'AKIA') }).keys;
    },
  };
};
