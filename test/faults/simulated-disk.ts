/**
 * A disk in memory that forgets at a power cut what was not synced: contents without fdatasync, names
 * without a sync of their folder. Faults are injected before any operation.
 */
import { dirname } from 'node:path';
import type { AppendFile, FileFacts, FilePort, ReadFile } from '../../src/base/durable.js';

interface Content {
  readonly kind: 'file';
  live: Buffer;
  durable: Buffer;
  mode: number;
}
interface Folder {
  readonly kind: 'folder';
}
type Node = Content | Folder;

export type Operation =
  | 'write'
  | 'sync'
  | 'truncate'
  | 'create'
  | 'append'
  | 'rename'
  | 'link'
  | 'unlink'
  | 'mkdir'
  | 'syncFolder';

export interface SimulatedDiskOptions {
  /** Called before each operation; what it throws is the operation's failure. */
  readonly fault?: (operation: Operation, path: string) => void;
  /** Called after each operation took effect, before its caller learns of it; what it throws is what the caller sees. */
  readonly after?: (operation: Operation, path: string) => void;
}

export interface PowerCut {
  /** How many bytes of what was written but not synced survive, of each file; none unless given. */
  readonly survive?: (path: string, unsynced: number) => number;
  /**
   * Instead: whether a sector of what was not synced survives, by its number in the file. The others read as
   * zeros where later ones survive; `size`: whether the file has its full length all the same.
   */
  readonly sectors?: {
    readonly keep: (path: string, sector: number) => boolean;
    readonly size: (path: string) => boolean;
  };
  /** Whether a name made, moved or removed and not synced is found as it was before the cut; never unless given. */
  readonly names?: (path: string) => boolean;
}

const SECTOR = 512;

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

const scattered = (
  { keep, size }: NonNullable<PowerCut['sectors']>,
  path: string,
  { live, durable }: Content,
): Buffer => {
  const bytes = Buffer.alloc(live.length);
  durable.copy(bytes);
  let end = size(path) ? live.length : durable.length;
  for (let at = durable.length; at < live.length; at = (Math.floor(at / SECTOR) + 1) * SECTOR) {
    const sector = Math.floor(at / SECTOR);
    if (keep(path, sector)) end = Math.max(end, at + live.copy(bytes, at, at, (sector + 1) * SECTOR));
  }
  return bytes.subarray(0, end);
};

const contentAfter = ({ survive, sectors }: PowerCut, path: string, content: Content): Buffer => {
  const { live, durable } = content;
  const unsynced = live.length - durable.length;
  if (unsynced <= 0) return Buffer.from(durable);
  if (sectors) return scattered(sectors, path, content);
  return Buffer.from(live.subarray(0, durable.length + (survive?.(path, unsynced) ?? 0)));
};

export class SimulatedDisk implements FilePort {
  fault: (operation: Operation, path: string) => void;
  after: (operation: Operation, path: string) => void;
  /** Bytes that still fit; a write beyond them leaves what fits and fails with ENOSPC. */
  room: () => number = () => Number.POSITIVE_INFINITY;
  private live = new Map<string, Node>([['/', { kind: 'folder' }]]);
  private durable = new Map<string, Node>([['/', { kind: 'folder' }]]);

  constructor({ fault, after }: SimulatedDiskOptions = {}) {
    this.fault = fault ?? (() => {});
    this.after = after ?? (() => {});
  }

  /** The disk as it is found when the machine comes back. The disk itself goes on, for processes that do not know. */
  powerCut(cut: PowerCut = {}): SimulatedDisk {
    const disk = new SimulatedDisk();
    for (const [path, node] of this.names(cut)) {
      if (node.kind === 'folder') {
        disk.live.set(path, node);
        disk.durable.set(path, node);
        continue;
      }
      const bytes = contentAfter(cut, path, node);
      const content: Content = { kind: 'file', live: bytes, durable: Buffer.from(bytes), mode: node.mode };
      disk.live.set(path, content);
      disk.durable.set(path, content);
    }
    return disk;
  }

  private names({ names }: PowerCut): ReadonlyMap<string, Node> {
    const found = new Map<string, Node>();
    for (const path of [...new Set([...this.durable.keys(), ...this.live.keys()])].sort()) {
      const [before, after] = [this.durable.get(path), this.live.get(path)];
      const node = before !== after && names?.(path) ? after : before;
      if (node && (path === '/' || found.has(dirname(path)))) found.set(path, node);
    }
    return found;
  }

  /** Live bytes, for tests to look at or to tamper with. */
  bytes(path: string): Buffer {
    return Buffer.from(this.content(path).live);
  }

  put(path: string, bytes: Buffer): void {
    for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) {
      this.live.set(folder, { kind: 'folder' });
      this.durable.set(folder, { kind: 'folder' });
    }
    const content: Content = { kind: 'file', live: bytes, durable: bytes, mode: 0o600 };
    this.live.set(path, content);
    this.durable.set(path, content);
  }

  remove(path: string): void {
    this.live.delete(path);
    this.durable.delete(path);
  }

  paths(): readonly string[] {
    return [...this.live]
      .filter(([, { kind }]) => kind === 'file')
      .map(([path]) => path)
      .sort();
  }

  async append(path: string): Promise<AppendFile> {
    this.fault('append', path);
    const found = this.live.get(path);
    const content: Content = found?.kind === 'file' ? found : this.make(path, 0o600);
    this.after('append', path);
    return this.handle(path, content);
  }

  async create(path: string, mode = 0o600): Promise<AppendFile> {
    this.fault('create', path);
    if (this.live.has(path)) throw failure('EEXIST', path);
    const content = this.make(path, mode);
    this.after('create', path);
    return this.handle(path, content);
  }

  async open(path: string): Promise<ReadFile> {
    const content = this.content(path);
    return {
      read: async (buffer, position) => content.live.copy(buffer, 0, position, position + buffer.length),
      close: async () => {},
    };
  }

  async facts(path: string): Promise<FileFacts | undefined> {
    const node = this.live.get(path);
    if (!node) return undefined;
    return node.kind === 'file'
      ? { kind: 'file', size: node.live.length, mode: node.mode }
      : { kind: 'folder', size: 0, mode: 0o700 };
  }

  async list(path: string): Promise<readonly string[]> {
    return [...this.live.keys()]
      .filter((name) => name !== '/' && dirname(name) === path)
      .map((name) => name.slice(path.length).replace(/^\//, ''));
  }

  async mkdir(path: string): Promise<void> {
    this.fault('mkdir', path);
    if (!this.live.has(path)) this.live.set(path, { kind: 'folder' });
    this.after('mkdir', path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.fault('rename', from);
    this.live.set(to, this.content(from));
    this.live.delete(from);
    this.after('rename', from);
  }

  async link(from: string, to: string): Promise<void> {
    this.fault('link', to);
    if (this.live.has(to)) throw failure('EEXIST', to);
    this.live.set(to, this.content(from));
    this.after('link', to);
  }

  async unlink(path: string): Promise<void> {
    this.fault('unlink', path);
    if (!this.live.delete(path)) throw failure('ENOENT', path);
    this.after('unlink', path);
  }

  async syncFolder(path: string): Promise<void> {
    this.fault('syncFolder', path);
    const isIn = (name: string): boolean => name !== '/' && dirname(name) === path;
    for (const name of this.durable.keys()) if (isIn(name) && !this.live.has(name)) this.durable.delete(name);
    for (const [name, node] of this.live) if (isIn(name)) this.durable.set(name, node);
    this.after('syncFolder', path);
  }

  private content(path: string): Content {
    const node = this.live.get(path);
    if (node?.kind !== 'file') throw failure('ENOENT', path);
    return node;
  }

  private make(path: string, mode: number): Content {
    if (this.live.get(dirname(path))?.kind !== 'folder') throw failure('ENOENT', path);
    const content: Content = { kind: 'file', live: Buffer.alloc(0), durable: Buffer.alloc(0), mode };
    this.live.set(path, content);
    return content;
  }

  private handle(path: string, content: Content): AppendFile {
    let open = true;
    const check = (): void => {
      if (!open) throw failure('EBADF', path);
    };
    return {
      write: async (bytes) => {
        check();
        this.fault('write', path);
        const fits = Math.max(0, Math.min(bytes.length, this.room()));
        content.live = Buffer.concat([content.live, bytes.subarray(0, fits)]);
        if (fits < bytes.length) throw failure('ENOSPC', path);
        this.after('write', path);
      },
      sync: async () => {
        check();
        this.fault('sync', path);
        content.durable = content.live;
        this.after('sync', path);
      },
      truncate: async (size) => {
        check();
        this.fault('truncate', path);
        content.live = content.live.subarray(0, size);
        content.durable = content.live;
        this.after('truncate', path);
      },
      close: async () => {
        // The number of a descriptor that was closed may be that of another file by now.
        check();
        open = false;
      },
    };
  }
}
