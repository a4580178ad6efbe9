/** What is taken out of a CloudTrail record: paths of names, as the columns of the warehouse need them. */

/** The fields of an event. Source: AWS CloudTrail user guide, "CloudTrail record contents". */
export const FIELDS = [
  'eventID',
  'recipientAccountId',
  'eventTime',
  'eventSource',
  'eventName',
  'awsRegion',
  'sourceIPAddress',
  'userAgent',
  'errorCode',
  'userIdentity.type',
  'userIdentity.arn',
  'userIdentity.principalId',
  'userIdentity.accessKeyId',
  'userIdentity.sessionContext.sourceIdentity',
  'userIdentity.sessionContext.sessionIssuer.arn',
  'userIdentity.invokedBy',
  'userIdentity.sessionContext.attributes.mfaAuthenticated',
  'requestID',
  'sharedEventID',
  'eventCategory',
  'readOnly',
  'eventType',
  'eventVersion',
  'resources[0].ARN',
  'requestParameters.roleArn',
  'requestParameters.roleSessionName',
  'requestParameters.sourceIdentity',
  'responseElements.credentials.accessKeyId',
  'requestParameters.functionName',
  'responseElements.build.id',
  'requestParameters',
] as const;

export type FieldName = (typeof FIELDS)[number];

/** Number of a field: its place in `FIELDS`. */
export const fieldNumber = (name: FieldName): number => FIELDS.indexOf(name);

/** No field, or no node. */
export const NONE = -1;

/** Slots of a node's table of names; each is the hash of a name and the node below it. A power of two. */
const SLOTS = 64;

/** What FNV-1a starts with and multiplies by, 32 bits. Names are compared byte by byte after it: it only finds them. */
export const HASH_START = -2128831035;
export const HASH_PRIME = 16777619;

interface Node {
  field: number;
  /** The node of the first element, where it is a list. */
  first: number;
  readonly below: Map<string, number>;
}

const stepsOf = (path: string): readonly string[] => path.split(/\.|(?=\[)/);

const plant = (): readonly Node[] => {
  const nodes: Node[] = [{ field: NONE, first: NONE, below: new Map() }];
  const grow = (): number => nodes.push({ field: NONE, first: NONE, below: new Map() }) - 1;
  for (const [field, path] of FIELDS.entries()) {
    let at = nodes[0];
    for (const step of stepsOf(path)) {
      if (at === undefined) break;
      let next: number;
      if (step === '[0]') next = at.first === NONE ? grow() : at.first;
      else next = at.below.get(step) ?? grow();
      if (step === '[0]') at.first = next;
      else at.below.set(step, next);
      at = nodes[next];
    }
    if (at) at.field = field;
  }
  return nodes;
};

const hashOf = (name: string): number => {
  let hash = HASH_START;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, HASH_PRIME);
  return hash;
};

/** The paths as one tree; its root is node 0. */
export class FieldTree {
  /** Field of each node, or NONE. */
  readonly field: Int32Array;
  /** Node of the first element of a list, or NONE. */
  readonly first: Int32Array;
  /** Whether a node has names below it. */
  readonly inner: Uint8Array;
  private readonly hashes: Int32Array;
  private readonly below: Int32Array;
  private readonly names: readonly Buffer[];

  constructor() {
    const nodes = plant();
    this.field = Int32Array.from(nodes, (node) => node.field);
    this.first = Int32Array.from(nodes, (node) => node.first);
    this.inner = Uint8Array.from(nodes, ({ below, first }) => Number(below.size > 0 || first !== NONE));
    this.hashes = new Int32Array(nodes.length * SLOTS);
    this.below = new Int32Array(nodes.length * SLOTS).fill(NONE);
    const names: Buffer[] = nodes.map(() => Buffer.alloc(0));
    for (const [node, { below }] of nodes.entries()) {
      for (const [name, child] of below) {
        names[child] = Buffer.from(name);
        this.put(node, hashOf(name), child);
      }
    }
    this.names = names;
  }

  private put(node: number, hash: number, child: number): void {
    let slot = hash & (SLOTS - 1);
    while (this.below[node * SLOTS + slot] !== NONE) slot = (slot + 1) & (SLOTS - 1);
    this.hashes[node * SLOTS + slot] = hash;
    this.below[node * SLOTS + slot] = child;
  }

  /** The node below `node` whose name stands in the bytes from `start` to `end`, of this hash; NONE where there is none. */
  find(node: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const table = node * SLOTS;
    for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const child = this.below[table + slot] ?? NONE;
      if (child === NONE) return NONE;
      if (this.hashes[table + slot] === hash && this.isName(child, bytes, start, end)) return child;
    }
  }

  private isName(child: number, bytes: Uint8Array, start: number, end: number): boolean {
    const name = this.names[child];
    if (name === undefined || name.length !== end - start) return false;
    for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
    return true;
  }
}
