/**
 * A server that is taken for one of 2026-07-28, for clients of that revision. Where an answer says that it is of an older
 * one, as after somebody went back to an earlier version of it, it is asked again, and spoken to as it is from then on.
 */
import { at, member, stringOf } from '../../base/json.js';
import type { Message, Outgoing, Upstream, UpstreamMessage } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import { readUpstreamMessage } from '../protocol/2025-11-25/message.js';
import { Decorated } from './decorated.js';
import { type Eras, probe } from './eras.js';
import type { Link } from './link.js';
import type { ToLegacy } from './to-legacy.js';

/** What every result of 2026-07-28 holds. Where it stands nothing is in doubt, and the message is read only once, later. */
const KIND = Buffer.from('"resultType"');

/** Errors of a method or a revision that a server does not know: nothing ran, whatever id they bear. */
const UNKNOWN: ReadonlySet<number> = new Set([-32_601, -32_022]);
/**
 * Errors with which transports of older revisions turn away a request that opens no session: parse error, invalid
 * request, those of the SDKs (-32000, -32001). A transport does not give them the id of the call: with that id they are
 * the outcome of a call that may have run.
 */
const TURNED_AWAY: ReadonlySet<number> = new Set([-32_700, -32_600, -32_000, -32_001]);

const codeOf = (said: Message): number | undefined => {
  const code = at(said.node, 'error', 'code');
  return code?.kind === 'number' ? code.value : undefined;
};

const isResponse = (said: Message | undefined): said is Message => said?.kind === 'response';

/** Whether an answer proves that the call did not run, and an older server could give it. */
const isUnserved = (said: Message | undefined, asked: Message): boolean => {
  const code = isResponse(said) ? codeOf(said) : undefined;
  if (code === undefined) return false;
  return UNKNOWN.has(code) || (TURNED_AWAY.has(code) && said?.id !== asked.id);
};

/**
 * Whether an answer is none of 2026-07-28, without proof that the call did not run: no JSON-RPC at all, an error as
 * transports give it, or a result that does not say of what kind it is.
 */
const isDoubtful = (said: Message | undefined): boolean => {
  if (!said) return true;
  if (!isResponse(said)) return false;
  const result = member(said.node, 'result');
  if (result) return stringOf(member(result, 'resultType')) === undefined;
  return TURNED_AWAY.has(codeOf(said) ?? 0);
};

export interface ModernFirstDeps {
  /** The conversation itself. */
  readonly plain: Upstream;
  /** The same, as a server of 2026-07-28 is spoken to. */
  readonly modern: Upstream;
  readonly link: Link;
  readonly eras: Eras;
  /** The bridge to a server of an older revision; what a request says of its client counts. */
  readonly bridge: (outgoing: Outgoing) => ToLegacy;
}

export class ModernFirst extends Decorated {
  private readonly deps: ModernFirstDeps;
  private legacy: ToLegacy | undefined;
  /** An answer was none of 2026-07-28: the server is asked before the next request. */
  private doubted = false;

  constructor(deps: ModernFirstDeps) {
    super(deps.modern);
    this.deps = deps;
  }

  override get dropped(): number {
    return this.deps.plain.dropped;
  }

  /** The bridge, where the server turns out to be of an older revision; asked once in a while, whatever it answers. */
  private async older(outgoing: Outgoing): Promise<ToLegacy | undefined> {
    const { plain, link, eras, bridge } = this.deps;
    const server = link.about.server.id;
    this.doubted = false;
    if (eras.isFresh(server)) return undefined;
    const found = await probe(link, plain);
    if (found === 'gone') throw new UpstreamError('session_lost', 'the server ended; make the call again');
    eras.learn(server, found);
    return found === 'modern' ? undefined : bridge(outgoing);
  }

  private async bridged(outgoing: Outgoing): Promise<ToLegacy | undefined> {
    if (this.legacy) return this.legacy;
    const found = await this.older(outgoing);
    // Another call may have found it meanwhile.
    this.legacy ??= found;
    return this.legacy;
  }

  async *request(outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    if (this.doubted) await this.bridged(outgoing);
    if (!this.legacy) {
      for await (const one of this.deps.modern.request(outgoing, signal)) {
        if (one.data !== null && !one.data.includes(KIND)) {
          const said = readUpstreamMessage(one.data);
          if (isUnserved(said, outgoing.message) && (await this.bridged(outgoing))) break;
          this.doubted ||= isDoubtful(said);
        }
        yield one;
      }
    }
    // What a server turned away did not run, so the bridge makes the call.
    if (this.legacy) yield* this.legacy.request(outgoing, signal);
  }

  override deliver(...given: Parameters<Upstream['deliver']>): Promise<void> {
    return (this.legacy ?? this.deps.modern).deliver(...given);
  }

  override close(): Promise<void> {
    return (this.legacy ?? this.deps.modern).close();
  }
}
