/** The page of passkeys as HTML. */
import { html } from 'hono/html';
import { printable } from '../../../base/json-rows.js';
import type { Passkey } from '../../passkeys.js';
import { document, type Markup } from './page.js';

export interface PasskeysFacts {
  readonly csrf: string;
  readonly own: readonly Passkey[];
  readonly toConfirm: readonly Passkey[];
  /** Whether the address of the page is one that passkeys can be bound to. */
  readonly possible: boolean;
  /** What went wrong. */
  readonly problem: string | null;
}

const button = (csrf: string, { credential }: Passkey, verb: string, text: string, kind: string): Markup =>
  html`<form method="post" action="/passkeys/${verb}"><input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="credential" value="${credential}"><button class="${kind}">${text}</button></form>`;

const keyRow = (csrf: string, passkey: Passkey): Markup => html`<tr><th scope="row">${passkey.rp}</th>
<td class="key">${passkey.state === 'enrolled' ? 'Counts' : 'Waits for a second person'}
<code>${passkey.publicKey}</code> <span class="note">public key, for the trust file of the auditor</span><br>
${button(csrf, passkey, 'remove', 'Remove', 'stop')}</td></tr>`;

const confirmRow = (
  csrf: string,
  passkey: Passkey,
): Markup => html`<tr><th scope="row">${printable(passkey.owner.sub)}</th>
<td class="key">of ${printable(passkey.owner.iss)} <code>${passkey.publicKey}</code><br>
${button(csrf, passkey, 'confirm', 'Confirm', 'go')} ${button(csrf, passkey, 'refuse', 'Refuse', 'stop')}</td></tr>`;

export const passkeysPage = ({ csrf, own, toConfirm, possible, problem }: PasskeysFacts): Markup =>
  document(
    'Passkeys: Countersign',
    'plain',
    html`<header><b>Countersign</b><nav aria-label="Pages"><a href="/">To decide</a> <a href="/passkeys" aria-current="page">Passkeys</a></nav></header>
<main><h1>Your passkeys</h1>
<p class="lead">A passkey signs your approval on your own device, so that an auditor can tell it is yours.</p>
<p id="problem" role="alert">${problem === null ? '' : html`<b>Not done:</b> ${problem}.`}</p>
${own.length === 0 ? html`<p>You have none.</p>` : html`<table aria-label="Your passkeys"><tbody>${own.map((one) => keyRow(csrf, one))}</tbody></table>`}
${possible ? html`<div class="acts"><button class="go" id="add" data-csrf="${csrf}">Add a passkey</button></div>` : html`<p>Passkeys need a page with a host name; this one has an address.</p>`}
${toConfirm.length === 0 ? '' : html`<h2>Passkeys of others that wait for your word</h2><p class="lead">Confirm only what its owner told you is theirs.</p><table aria-label="Passkeys to confirm"><tbody>${toConfirm.map((one) => confirmRow(csrf, one))}</tbody></table>`}
</main><script src="/assets/webauthn.js" defer></script><script src="/assets/passkey.js" defer></script>`,
  );
