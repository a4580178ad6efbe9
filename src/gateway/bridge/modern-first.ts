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

/**
 * Errors with which servers of older revisions turn away a request that opens no session or names a revision they do not
 * know: parse error, invalid request, unknown method, those of the SDKs (-32000, -32001), unsupported version (-32022).
 * None of them is the outcome of a call that ran.
 */
const UNSERVED: ReadonlySet<number> = new Set([-32_700, -32_600, -32_601, -32_000, -32_001, -32_022]);

const isResponse = (said: Message | undefined): boolean => said?.kind === 'response';

/** Whether an answer is none that a call which ran could have, and an older server could give. */
const isUnserved = (data: Buffer | null, said: Message | undefined): boolean => {
  if (data === null) return false;
  if (!said) return true;
  const code = at(said.node, 'error', 'code');
  return isResponse(said) && code?.kind === 'number' && UNSERVED.has(code.value);
};

/** Every result of 2026-07-28 says of what kind it is. */
const isOlderResult = (said: Message | undefined): boolean => {
  const result = said && isResponse(said) ? member(said.node, 'result') : undefined;
  return result !== undefined && stringOf(member(result, 'resultType')) === undefined;
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
  /** The last result was none of 2026-07-28. */
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
        const said = one.data === null ? undefined : readUpstreamMessage(one.data);
        if (isUnserved(one.data, said) && (await this.bridged(outgoing))) break;
        this.doubted ||= isOlderResult(said);
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
