/** What all pages share: the document, its head, and texts of others, shown so that nothing in them deceives. */
import { html } from 'hono/html';
import { printable } from '../../../base/json-rows.js';
import type { Principal } from '../../../model/principal.js';

/** Escaped HTML. */
export type Markup = ReturnType<typeof html>;

/** A whole page: its title, and the class of its body. */
export const document = (title: string, kind: string, body: Markup): Markup => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><link rel="stylesheet" href="/assets/page.css"></head><body class="${kind}">${body}</body></html>`;

/** Where the links at the top lead. */
export type Place = 'decide' | 'mine' | 'recent' | 'passkeys';

/** What the head of a page shows. */
export interface HeadFacts {
  readonly principal: Principal;
  readonly csrf: string;
  readonly place: Place;
  readonly toDecide: number;
}

/** The head of a page for somebody who is logged in. */
export const head = ({ principal, csrf, place, toDecide }: HeadFacts): Markup => {
  const who = [principal.name ?? principal.email ?? principal.subject, ...principal.groups].map(printable).join(', ');
  const one = (name: Place, path: string, text: string): Markup =>
    html`<a href="${path}" ${place === name ? html`aria-current="page"` : ''}>${text}</a>`;
  return html`<header><b>Countersign</b><nav id="tabs" aria-label="Pages">${one('decide', '/', `To decide ${toDecide}`)}
${one('mine', '/mine', 'My requests')} ${one('recent', '/recent', 'Recent')} ${one('passkeys', '/passkeys', 'Passkeys')}</nav>
<span class="who">${who} <form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrf}"><button class="quiet">Log out</button></form></span></header>`;
};

/** Several lines in which every character shows. */
export const lines = (text: string): string => text.split('\n').map(printable).join('\n');

/** What stands in place of a value or of a character: set apart from the text around it. */
const MARK = /(\[U\+[0-9A-F]{4,6}\]|\[(?:redacted|token):[^\]\s]{1,80}\]|\[dropped\])/;

/** A text of lines in which masks and named characters are set apart. */
export const marked = (text: string): Markup =>
  html`${text.split(MARK).map((part, i) => (i % 2 === 1 ? html`<code class="mark">${part}</code>` : part))}`;

/** A row of a table of facts. */
export const row = (label: string, value: string | Markup): Markup =>
  html`<tr><th scope="row">${printable(label)}</th><td>${value}</td></tr>`;

/** Why the last form was not carried out; an empty place where it was, so that it can be told there later. */
export const alert = (problem: string | null): Markup =>
  html`<p id="problem" role="alert">${problem === null ? '' : html`<b>Not done:</b> ${problem}.`}</p>`;
