/** The pages of requests as HTML. Every text is escaped by the template; what would not show is named. */
import { html } from 'hono/html';
import { timestamp } from '../../../base/clock.js';
import { jsonRows, printable } from '../../../base/json-rows.js';
import type { Approval } from '../../../model/approval.js';
import type { Principal } from '../../../model/principal.js';
import { alert, document, head, lines, type Markup, marked, row } from './markup.js';

export interface Shown {
  readonly approval: Approval;
  readonly standing: 'own' | 'reviewer';
  /** Whether a decision would still count. */
  readonly waits: boolean;
}

export type Tab = 'decide' | 'mine' | 'recent';

export interface PageFacts {
  readonly principal: Principal;
  readonly csrf: string;
  readonly tab: Tab;
  readonly list: readonly Shown[];
  readonly toDecide: number;
  readonly open: Shown | null;
  /** The last approved call of the same tool that this person may see. */
  readonly previous: Approval | null;
  /** What became of earlier requests for the same tool, oldest first. */
  readonly earlier: readonly Approval[];
  readonly requireReason: boolean;
  /** Options for the browser to sign with the person's passkey, as JSON; null where none can. */
  readonly passkey: string | null;
  /** What went wrong with the last decision. */
  readonly problem: string | null;
  readonly now: number;
}

const STATE: Readonly<Record<Approval['state'], string>> = {
  pending: 'waits',
  granted: 'approved, not yet used',
  consumed: 'approved and used',
  denied: 'denied',
  expired: 'ended unused',
  cancelled: 'withdrawn',
  revoked: 'revoked',
};

const leftText = (deadline: number, now: number): string => {
  const seconds = Math.ceil((deadline - now) / 1000);
  if (seconds <= 0) return 'ended';
  return seconds < 120 ? `${seconds} s left` : `${Math.floor(seconds / 60)} min left`;
};

const left = ({ deadline }: Approval, now: number): Markup =>
  html`<time data-end datetime="${timestamp(deadline)}">${leftText(deadline, now)}</time>`;

/** The time left, or how it ended. */
const badge = ({ approval, waits }: Shown, now: number): Markup =>
  waits
    ? html`<span class="due">${left(approval, now)}</span>`
    : html`<span class="state">${STATE[approval.state]}</span>`;

/** Characters of the first argument that the list shows. */
const HINT = 48;

/** What tells one call of a tool from another at a glance: its first argument. */
const hintOf = ({ maskedArgs }: Approval): string => {
  const [first] = jsonRows(maskedArgs);
  if (!first || first.label === '(all)') return '';
  const text = Array.from(printable(`${first.label}: ${first.value}`));
  return text.length > HINT ? `${text.slice(0, HINT - 1).join('')}…` : text.join('');
};

/** Such as `2026-11-24 12:01 UTC`. */
const utc = (ms: number): string => `${timestamp(ms).slice(0, 16).replace('T', ' ')} UTC`;

/** What somebody sees who has to log in first. */
export const loginPage = (problem: string | null, back: string): Markup =>
  document(
    'Log in: Countersign',
    'notice',
    html`<main><h1>Countersign</h1>
<p class="lead">${problem ?? 'Log in to see the calls that wait for a second person.'}</p>
<p><a class="button go" href="/login?back=${encodeURIComponent(back)}">Log in</a></p></main>`,
  );

/** A sentence, and the way back; for what is not there or was not taken. */
export const noticePage = (text: string): Markup =>
  document(
    'Countersign',
    'notice',
    html`<main><h1>Countersign</h1><p class="lead">${text.charAt(0).toUpperCase()}${text.slice(1)}.</p>
<p><a class="button" href="/">To the requests</a></p></main>`,
  );

const queueItem = ({ approval, waits }: Shown, open: string | undefined, now: number): Markup => html`<li>
<a href="/requests/${approval.id}" ${approval.id === open ? html`aria-current="true"` : ''}>
<b>${printable(approval.binding.tool)}</b> on ${printable(approval.binding.server)}
<small><span>${printable(approval.requester.name)}</span>
<span>${waits ? left(approval, now) : STATE[approval.state]}</span></small>
<small>${hintOf(approval)}</small></a></li>`;

/** Characters of a value that are shown unfolded. */
const FOLD = 600;

/** A text whole; a long one to be opened, with its length. */
const folded = (value: string): Markup => {
  const shown = lines(value);
  return shown.length > FOLD
    ? html`<details><summary>${shown.length} characters; show all</summary>${marked(shown)}</details>`
    : marked(shown);
};

const HIDES = html` <span class="note">holds characters that do not show</span>`;

const valueOf = (value: string, before: string | undefined, compare: boolean): Markup => {
  const text = folded(value);
  const note = printable(value.replaceAll('\n', '')) === value.replaceAll('\n', '') ? '' : HIDES;
  if (!compare || before === value) return html`${text}${note}`;
  if (before === undefined)
    return html`<ins>${text}</ins>${note} <span class="note">not in the last approved call</span>`;
  return html`<del>${folded(before)}</del> <ins>${text}</ins>${note}
<span class="note">changed since the last approved call</span>`;
};

const argumentTable = ({ approval }: Shown, previous: Approval | null): Markup => {
  const before = new Map((previous ? jsonRows(previous.maskedArgs) : []).map(({ label, value }) => [label, value]));
  const rows = jsonRows(approval.maskedArgs);
  const now = new Set(rows.map(({ label }) => label));
  const gone = [...before].filter(([label]) => !now.has(label));
  return html`<table aria-label="Arguments, secrets masked"><tbody>
${rows.map(({ label, value }) => row(label, valueOf(value, before.get(label), previous !== null)))}
${gone.map(([label, value]) => row(label, html`<del>${folded(value)}</del> <span class="note">left out, unlike in the last approved call</span>`))}
</tbody></table>`;
};

const why = ({ approval }: Shown): Markup => {
  const { requester, tool, binding } = approval;
  const said = tool.description === null ? 'not known' : lines(tool.description);
  return html`<table aria-label="Why it needs you"><tbody>
${row('Who', `${requester.name}, groups ${requester.groups.join(', ') || 'none'}${requester.agent === null ? '' : `, through the agent ${requester.agent}`}`)}
${requester.reason === null ? '' : row('Reason given', marked(lines(requester.reason)))}
${row('Rule', `${approval.policyRule ?? 'a rule'}, approval ${approval.rule}`)}
${row('Needs', `${approval.needed} of ${approval.reviewers.join(', ')}${approval.everyGroup ? ', one for each group' : ''}`)}
${row('Tool says', `${said}${tool.destructive ? ' Marked destructive by its server.' : ''}`)}
${row('Digest', html`<code class="long">${binding.args}</code> <span class="note">of the whole arguments, unmasked</span>`)}
${approval.decisions.map(({ verdict, name, reason, at }) => row(verdict === 'approve' ? 'Approved' : 'Denied', `by ${printable(name)}, ${utc(at)}${reason === null ? '' : `: ${lines(reason)}`}`))}
</tbody></table>`;
};

const before = (earlier: readonly Approval[]): Markup | string => {
  if (earlier.length === 0) return '';
  const line = ({ requestedAt, requester, state, decisions }: Approval): Markup => {
    const by = decisions.map(({ name, verdict }) => `${verdict === 'approve' ? 'approved' : 'denied'} by ${name}`);
    return row(utc(requestedAt), [`${requester.name}: ${STATE[state]}`, ...by].map(printable).join('; '));
  };
  return html`<h2>Before this</h2><table aria-label="Earlier requests for this tool"><tbody>${earlier.toReversed().map(line)}</tbody></table>`;
};

const approveButtons = ({ id, passkey: demanded }: Approval, passkey: string | null): Markup => {
  const plain = (kind: string, text: string): Markup =>
    html`<button class="${kind}" formaction="/requests/${id}/approve">${text}</button>`;
  if (passkey !== null)
    return html`<input type="hidden" name="passkey" value=""><button class="go" formaction="/requests/${id}/approve" data-passkey="${passkey}">Approve with passkey</button>${demanded ? '' : plain('quiet', 'Approve without')}`;
  return demanded
    ? html`<span class="note">Approving needs a passkey of yours. <a href="/passkeys">Add one</a></span>`
    : plain('go', 'Approve');
};

const decideButtons = ({ approval }: Shown, passkey: string | null): Markup => {
  const scope = approval.window ? `Up to ${approval.window.uses} calls.` : 'Runs once, only with these values.';
  return html`${approveButtons(approval, passkey)}<button class="stop" formaction="/requests/${approval.id}/deny">Deny</button><span class="note">${scope}</span>`;
};

const takeBackButton = ({ approval }: Shown): Markup =>
  html`<button class="stop" formaction="/requests/${approval.id}/revoke">${approval.state === 'pending' ? 'Withdraw' : 'Revoke'}</button>`;

const form = (shown: Shown, { csrf, requireReason, passkey }: PageFacts): Markup => {
  const { approval, standing, waits } = shown;
  const decides = waits && standing === 'reviewer';
  const takesBack = approval.state === 'granted' || (standing === 'own' && approval.state === 'pending');
  if (!decides && !takesBack) return html`<p class="end">Nothing is left to decide: ${STATE[approval.state]}.</p>`;
  const needed = requireReason && decides;
  return html`<form class="decide" method="post"><input type="hidden" name="csrf" value="${csrf}">
<label for="reason">Reason${needed ? ' (needed)' : ''}</label>
<textarea id="reason" name="reason" maxlength="1000" ${needed ? html`required` : ''}></textarea>
<div class="acts">${decides ? decideButtons(shown, passkey) : takeBackButton(shown)}</div></form>`;
};

const detail = (open: Shown, facts: PageFacts): Markup => {
  const { approval, waits } = open;
  const { binding, requester, window } = approval;
  const own = waits && open.standing === 'own' ? '; this is your own request, another person must decide it' : '';
  const what = window ? 'The first of the calls' : 'Exactly this will run';
  return html`<main id="detail" tabindex="-1" data-request="${approval.id}"><h1>${printable(requester.name)} asks to run ${printable(binding.tool)}</h1>
<p class="lead">on ${printable(binding.server)}${own}. ${badge(open, facts.now)}</p>
${alert(facts.problem)}
<h2>${what}</h2>${argumentTable(open, facts.previous)}
<h2>Why it needs you</h2>${why(open)}${before(facts.earlier)}${form(open, facts)}</main>`;
};

const EMPTY: Readonly<Record<Tab, string>> = {
  decide: 'Nothing waits for you.',
  mine: 'You have asked for nothing that is remembered.',
  recent: 'Nothing was decided lately.',
};

export const requestsPage = (facts: PageFacts): Markup => {
  const { list, open, tab, now } = facts;
  const none = html`<main id="detail" tabindex="-1"><h1>${EMPTY[tab]}</h1>
<p class="lead">New requests appear here by themselves.</p></main>`;
  const title = open ? `${printable(open.approval.binding.tool)}: Countersign` : 'Countersign';
  return document(
    title,
    open ? 'detail' : list.length === 0 ? 'empty' : 'list',
    html`${head({ ...facts, place: tab })}
<p id="say" class="hidden" role="status"></p>
<div class="frame"><aside class="queue" id="queue" aria-label="List">${list.length === 0 ? '' : html`<ul>${list.map((one) => queueItem(one, open?.approval.id, now))}</ul>`}</aside>
${open ? detail(open, facts) : list.length === 0 ? none : html`<main id="detail" tabindex="-1"><p class="lead">Choose a request.</p></main>`}</div>
<script src="/assets/webauthn.js" defer></script><script src="/assets/passkey.js" defer></script><script src="/assets/page.js" defer></script>`,
  );
};
