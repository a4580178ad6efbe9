/** Opens the conversation of a session with its server, in the era that the server speaks. */
import { type JsonNode, type JsonValue, member, toValue } from '../../base/json.js';
import type { Era, Granted, Message, Outgoing, Upstream, UpstreamMessage, Upstreams } from '../../model/call.js';
import { readUpstreamMessage } from '../protocol/2025-11-25/message.js';
import { META } from '../protocol/2026-07-28/envelope.js';
import { Decorated } from './decorated.js';
import { type Eras, probe } from './eras.js';
import { Link, type LinkDeps } from './link.js';
import { ModernFirst } from './modern-first.js';
import { SharedPipe } from './shared-pipe.js';
import { type Introduction, ToLegacy } from './to-legacy.js';
import { ToModern } from './to-modern.js';

export interface ConverseDeps extends LinkDeps {
  readonly upstreams: Pick<Upstreams, 'open'>;
  readonly eras: Eras;
}

/** @throws UpstreamError where the conversation cannot be opened */
export type Converse = (granted: Granted) => Promise<Upstream>;

const valueOf = (node: JsonNode | undefined): JsonValue => (node ? toValue(node) : null);

/** What a request says of its client. */
const introducedBy = ({ node }: Message, era: Era): Introduction => {
  const params = member(node, 'params');
  const said = era === 'modern' ? member(params, '_meta') : params;
  const [capabilities, clientInfo] =
    era === 'modern' ? [META.capabilities, META.clientInfo] : ['capabilities', 'clientInfo'];
  return {
    capabilities: valueOf(member(said, capabilities)) ?? {},
    clientInfo: valueOf(member(said, clientInfo)) ?? { name: 'countersign', version: '1' },
  };
};

const introductionOf = ({ capabilities, era, message }: Granted): Introduction => ({
  ...introducedBy(message, era),
  capabilities: capabilities ?? {},
});

/**
 * For clients of the older revisions. Most servers answer their `initialize`; one that refuses it is asked whether it
 * speaks the new revision alone.
 */
class LegacyFirst extends Decorated {
  private readonly link: Link;
  private readonly modern: ToModern;
  private readonly isModern: (answer: UpstreamMessage) => Promise<boolean>;
  private bridged = false;

  constructor(inner: Upstream, link: Link, introduction: Introduction, eras: Eras) {
    super(inner);
    this.link = link;
    const shared = link.about.server.upstream.kind === 'stdio' ? new SharedPipe(inner, link) : inner;
    this.modern = new ToModern(shared, link, introduction);
    this.isModern = async ({ data }) => {
      const answer = data === null ? undefined : readUpstreamMessage(data);
      if (!answer || !member(answer.node, 'error')) return false;
      if ((await probe(this.link, inner)) !== 'modern') return false;
      eras.learn(link.about.server.id, 'modern');
      return true;
    };
  }

  request(outgoing: Outgoing, signal: AbortSignal): AsyncIterable<UpstreamMessage> {
    if (this.bridged) return this.modern.request(outgoing, signal);
    const opens = outgoing.message.method === 'initialize';
    return opens ? this.initialize(outgoing, signal) : this.inner.request(outgoing, signal);
  }

  private async *initialize(outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    for await (const one of this.inner.request(outgoing, signal)) {
      this.bridged = await this.isModern(one);
      if (this.bridged) break;
      yield one;
    }
    if (this.bridged) yield* this.modern.request(outgoing, signal);
  }

  override deliver(...given: Parameters<Upstream['deliver']>): Promise<void> {
    return this.bridged ? this.modern.deliver(...given) : super.deliver(...given);
  }

  override listen(...given: Parameters<Upstream['listen']>): ReturnType<Upstream['listen']> {
    return this.bridged ? this.modern.listen(...given) : super.listen(...given);
  }
}

export const createConverse = (deps: ConverseDeps): Converse => {
  const { eras } = deps;

  /** For clients of 2026-07-28: the era must be known first, since many methods are of both. */
  const forModern = async (open: () => Promise<Upstream>, link: Link, granted: Granted): Promise<Upstream> => {
    const { id, upstream: transport } = granted.server;
    const upstream = await open();
    try {
      const known = eras.of(id);
      const found = known ?? (await probe(link, upstream));
      if (found === 'modern') {
        // What is known already is not learned again by being used.
        if (known === undefined) eras.learn(id, found);
        const modern = transport.kind === 'stdio' ? new SharedPipe(upstream, link) : upstream;
        const bridge = ({ message }: Outgoing) => new ToLegacy(upstream, link, introducedBy(message, 'modern'));
        return new ModernFirst({ plain: upstream, modern, link, eras, bridge });
      }
      if (found === 'gone') await upstream.close();
      const bridge = new ToLegacy(found === 'gone' ? await open() : upstream, link, introductionOf(granted));
      await bridge.open();
      if (known === undefined) eras.learn(id, 'legacy');
      return bridge;
    } catch (error) {
      await upstream.close();
      throw error;
    }
  };

  return async (granted) => {
    const { server, principal, session, authorization } = granted;
    const link = new Link(deps, { server, session, groups: principal.groups });
    const open = (): Promise<Upstream> => deps.upstreams.open(server, { id: session, principal, authorization });
    if (granted.era === 'modern') return forModern(open, link, granted);
    return new LegacyFirst(await open(), link, introductionOf(granted), eras);
  };
};
