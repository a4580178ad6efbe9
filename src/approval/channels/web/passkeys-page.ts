/** The page of passkeys as HTML. */
import { html } from 'hono/html';
import { printable } from '../../../base/json-rows.js';
import type { Principal } from '../../../model/principal.js';
import type { Passkey } from '../../passkeys.js';
import { alert, document, head, type Markup } from './markup.js';

export interface PasskeysFacts {
  readonly principal: Principal;
  /** Requests that wait for this person. */
  readonly toDecide: number;
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

const publicKey = (text: string): Markup =>
  html`<p>Public key, for the trust file of the auditor<br><code class="long">${text}</code></p>`;

const keyRow = (csrf: string, passkey: Passkey, at: number): Markup => html`<tr><th scope="row">Passkey ${at + 1}</th>
<td class="key"><p><b>${passkey.state === 'enrolled' ? 'Counts' : 'Waits for a second person'}</b> on ${passkey.rp}</p>
${publicKey(passkey.publicKey)}${button(csrf, passkey, 'remove', 'Remove', 'stop')}</td></tr>`;

const confirmRow = (
  csrf: string,
  passkey: Passkey,
): Markup => html`<tr><th scope="row">${printable(passkey.owner.sub)}</th>
<td class="key"><p>of ${printable(passkey.owner.iss)}</p>
${publicKey(passkey.publicKey)}${button(csrf, passkey, 'confirm', 'Confirm', 'go')} ${button(csrf, passkey, 'refuse', 'Refuse', 'stop')}</td></tr>`;

export const passkeysPage = (facts: PasskeysFacts): Markup => {
  const { csrf, own, toConfirm, possible, problem } = facts;
  return document(
    'Passkeys: Countersign',
    'plain',
    html`${head({ ...facts, place: 'passkeys' })}
<main><h1>Your passkeys</h1>
<p class="lead">A passkey signs your approval on your own device, so that an auditor can tell it is yours.</p>
${alert(problem)}
${own.length === 0 ? html`<p>You have none.</p>` : html`<table aria-label="Your passkeys"><tbody>${own.map((one, at) => keyRow(csrf, one, at))}</tbody></table>`}
${possible ? html`<div class="acts"><button class="go" id="add" data-csrf="${csrf}">Add a passkey</button></div>` : html`<p>Passkeys need a page with a host name; this one has an address.</p>`}
${toConfirm.length === 0 ? '' : html`<h2>Passkeys of others that wait for your word</h2><p class="lead">Confirm only what its owner told you is theirs.</p><table aria-label="Passkeys to confirm"><tbody>${toConfirm.map((one) => confirmRow(csrf, one))}</tbody></table>`}
</main><script src="/assets/webauthn.js" defer></script><script src="/assets/passkey.js" defer></script>`,
  );
};
