/** Composition: the stations of the gateway, put together from settings. */
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Notifier } from '../approval/channels/webhook.js';
import { createPasskeys } from '../approval/passkeys.js';
import { type ApprovalWorkflow, createApprovals } from '../approval/workflow.js';
import { createKeyedDigester, type KeyedDigester } from '../base/digest.js';
import type { createAdmin } from '../gateway/admin.js';
import { createGateway, type Gateway } from '../gateway/gateway.js';
import { type BearerAuthenticator, createAuthenticator } from '../identity/authenticator.js';
import type { GroupsOf } from '../identity/graph-groups.js';
import { createRevocations, NOBODY } from '../identity/revoked.js';
import type { Anchoring } from '../ledger/anchors/anchoring.js';
import { parseDigestKey } from '../ledger/keys.js';
import type { OpenedLedger } from '../ledger/opening.js';
import type { RemoteKey } from '../ledger/root.js';
import { createTextMasker } from '../masking/mask.js';
import { createVault } from '../masking/vault.js';
import type { SecretSource } from '../model/credential-settings.js';
import type { Ledger } from '../model/ports.js';
import type { MaskFor } from '../model/redaction.js';
import type { Settings } from '../model/settings.js';
import { createReloadablePolicy, type ReloadablePolicy } from '../policy/reloadable.js';
import type { ClientTls } from '../upstream/connector.js';
import { createUpstreams, type RenewableUpstreams } from '../upstream/open.js';
import { createAdminListener } from './admin-listener.js';
import { limitUnanchored, overdueSince } from './anchors.js';
import { createListeners, pageAddress } from './approval-page.js';
import { createNotifier, type OpenedChannels, openChannels } from './channels.js';
import { loadSettings, refuseKnownKey, resolveSecret, sourceName } from './config.js';
import { openAnchored } from './gateway-ledger.js';
import { gitState } from './git-state.js';
import { openGroupSources } from './group-sources.js';
import { commonProfile, createMaskFor, sealMessageTo } from './masking.js';
import { createMetrics, type Metrics } from './metrics.js';
import { ledgerKey } from './own-ledger.js';
import { policyOf } from './policy-of.js';
import { createReloader, type Reloader } from './reload.js';
import { resources } from './resources.js';
import { restore } from './restore.js';
import { openServerCredentials, type ServerCredentials } from './server-credentials.js';
import { type ListenersTls, readListenersTls, readServersTls } from './tls.js';
import { openTraces, type Traces } from './traces.js';
import type { WireDeps } from './wire-deps.js';

/** All parts of a gateway that is ready to listen. */
export interface Wired {
  readonly gateway: Gateway;
  readonly admin: ReturnType<typeof createAdmin>;
  readonly ledger: OpenedLedger;
  /** The ledger as stations write to it: what they append is counted. */
  readonly records: Ledger;
  readonly metrics: Metrics;
  readonly anchoring: Anchoring;
  readonly approvals: ApprovalWorkflow;
  readonly authenticator: BearerAuthenticator;
  readonly webhooks: Notifier;
  readonly maskFor: MaskFor;
  readonly policy: ReloadablePolicy;
  readonly reloader: Reloader;
  readonly traces: Traces | null;
  readonly upstreams: RenewableUpstreams;
}

const secretText = (source: SecretSource, deps: WireDeps): Promise<string> => resolveSecret(source, deps.environment);

const loadKeys = async (
  settings: Settings,
  deps: WireDeps,
): Promise<{ key: KeyObject | RemoteKey; digest: KeyedDigester }> => {
  const { digestKey } = settings.ledger;
  const key = await ledgerKey(settings, deps.environment);
  const secret = parseDigestKey(await secretText(digestKey, deps), sourceName(digestKey));
  refuseKnownKey(settings, 'ledger.digestKey', secret);
  return { key, digest: createKeyedDigester(secret) };
};

/** Everything the program logs of outside texts is masked, whatever it is. */
const maskedLog = (settings: Settings, { log }: WireDeps) => {
  const mask = createTextMasker(commonProfile(settings));
  return {
    onStderr: (server: string, line: string): void =>
      log.info({ server, line: mask(line).text }, 'a server wrote to its standard error'),
    onDefect: (error: unknown): void =>
      log.error(
        { problem: error instanceof Error ? mask(error.stack ?? error.message).text : 'unknown' },
        'an unexpected failure',
      ),
  };
};

interface Opened {
  readonly ledger: OpenedLedger;
  readonly anchoring: Anchoring;
  readonly digest: KeyedDigester;
  readonly credentials: ServerCredentials;
  readonly groups: ReadonlyMap<string, GroupsOf>;
  readonly channels: OpenedChannels;
  readonly traces: Traces | null;
  readonly tls: ListenersTls;
  readonly serversTls: ReadonlyMap<string, ClientTls>;
  /** Calls back when the ledger writes again after a failure. */
  readonly onResumed: (listener: () => void) => void;
}

interface WorkflowDeps extends Pick<WireDeps, 'clock'> {
  readonly records: Ledger;
  readonly channels: OpenedChannels;
  /** Digest of the policy in force. */
  readonly policy: string;
  readonly onDefect: (error: unknown) => void;
}

/** The workflow of approvals, and who is told of its transitions. */
const openApprovals = (settings: Settings, { records, clock, channels, policy, onDefect }: WorkflowDeps) => {
  const { people, approvals: rules } = settings;
  const webhooks = createNotifier(channels, settings, { ledger: records, clock, onDefect });
  const { tell, subscribe } = createListeners();
  const approvals = createApprovals({
    ledger: records,
    clock,
    rules,
    people,
    policy,
    onChange: (approval, event) => {
      webhooks.notify(approval, event);
      tell();
    },
  });
  return { approvals, webhooks, subscribe };
};

const openUpstreams = (
  { gateway }: Settings,
  { clock, environment, gatewayKeys }: WireDeps,
  { credentials, serversTls }: Opened,
  onStderr: (server: string, line: string) => void,
): RenewableUpstreams => {
  const { maxResponseBytes } = gateway;
  return createUpstreams({
    clock,
    maxResponseBytes,
    ...credentials,
    tls: serversTls,
    environment,
    gatewayKeys,
    onStderr,
  });
};

const assemble = async (settings: Settings, deps: WireDeps, opened: Opened): Promise<Wired> => {
  const { clock } = deps;
  const { ledger, anchoring, digest, groups, channels, traces, tls } = opened;
  const { approvalMaxAge, issuers, demo, people } = settings;
  const metrics = createMetrics(clock);
  const records = metrics.observe(ledger);
  const policy = createReloadablePolicy(policyOf(settings));
  const revocations = createRevocations(settings.revoked ?? NOBODY, digest);
  const authenticator = createAuthenticator({ issuers, approvalMaxAge, digest, clock, demo, revocations, groups });
  const { onStderr, onDefect } = maskedLog(settings, deps);
  const workflow = openApprovals(settings, { records, clock, channels, policy: policy.digest, onDefect });
  const { approvals, webhooks, subscribe } = workflow;
  opened.onResumed(() => approvals.resolveDoubts());
  const upstreams = openUpstreams(settings, deps, opened, onStderr);
  const maskFor = createMaskFor(settings, { digest, seal: createVault(join(ledger.dir, 'vault'), clock) });
  const seal = await sealMessageTo(settings);
  const parts = {
    ledger: records,
    authenticator,
    policy,
    approvals,
    upstreams,
    maskFor,
    seal,
    digest,
    clock,
    onDefect,
  };
  const overdue = (): number | null => overdueSince(anchoring, settings.ledger.maxUnanchored ?? null, clock);
  const gateway = createGateway({
    settings,
    ...parts,
    ...resources(settings),
    ledger: limitUnanchored(records, overdue),
    approvalPage: pageAddress(settings),
    tls: tls.clients,
    tracer: traces?.tracer,
  });
  const passkeys = createPasskeys({ ledger: records, people, confirm: settings.passkeys?.confirm ?? [] });
  await restore(ledger, gateway, approvals, passkeys);
  const load = () => loadSettings(settings.file, deps.environment);
  const reloader = createReloader({ settings, policy, revocations, ledger: records, load, gitState });
  const standing = { ledger, anchoring, gateway, approvals, authenticator, metrics, reloader };
  const admin = createAdminListener(settings, standing, { clock, subscribe, passkeys, onDefect, tls: tls.admin });
  return { ...standing, admin, records, webhooks, maskFor, policy, traces, upstreams };
};

/** Opens the ledger and puts the stations together. Nothing listens yet; what fails on the way closes the ledger. */
export const wire = async (settings: Settings, deps: WireDeps): Promise<Wired> => {
  const { key, digest } = await loadKeys(settings, deps);
  const credentials = await openServerCredentials(settings.servers, { ...deps, digest });
  const groups = await openGroupSources(settings.issuers, { ...deps, digest });
  const channels = await openChannels(settings, deps.environment);
  const tls = await readListenersTls(settings);
  const serversTls = await readServersTls(settings.servers);
  const traces = await openTraces(settings, deps);
  const resumed = createListeners();
  const { ledger, anchoring } = await openAnchored(settings, deps, key, resumed.tell);
  try {
    const opened = {
      ledger,
      anchoring,
      digest,
      credentials,
      groups,
      channels,
      traces,
      tls,
      serversTls,
      onResumed: resumed.subscribe,
    };
    return await assemble(settings, deps, opened);
  } catch (error) {
    await anchoring.close();
    await ledger.close('the start failed');
    throw error;
  }
};
