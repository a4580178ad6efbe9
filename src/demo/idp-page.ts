/** The login page of the demo's identity provider: choose who you are, then continue. Plain HTML, no script. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Person {
  /** `sub` of the person's tokens. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly groups: readonly string[];
}

const MAX_FORM_BYTES = 4096;

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:10vh auto;padding:0 1rem;color:#1c2420}
label{display:block;padding:.6rem .8rem;margin:.4rem 0;border:1px solid #c9d2cc;border-radius:6px}
small{color:#56645c;display:block}button{font:inherit;padding:.5rem 1.2rem;margin-top:1rem}`;

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>` +
  `<style>${STYLE}</style></head><body><h1>${escape(title)}</h1>${body}</body></html>`;

const choice = ({ id, name, email, groups }: Person, first: boolean): string =>
  `<label><input type="radio" name="person" value="${escape(id)}"${first ? ' checked' : ''}> ${escape(name)}` +
  `<small>${escape(email)} · ${escape(groups.join(', '))}</small></label>`;

export const loginPage = (people: readonly Person[], client: string, resource: string): string =>
  page(
    'Demo login',
    `<p>This is the identity provider of the Countersign demo. It has no passwords and is no example to follow.</p>` +
      `<p><b>${escape(client)}</b> asks for a token for <b>${escape(resource)}</b>. Who are you?</p>` +
      `<form method="post">${people.map((person, i) => choice(person, i === 0)).join('')}` +
      `<button type="submit">Continue</button></form>`,
  );

/** @param form made by the provider, which has its button outside */
export const formPage = (title: string, text: string, form: string): string => {
  const id = /<form[^>]*\bid="([^"]+)"/.exec(form)?.[1];
  const button = id === undefined ? '' : `<button type="submit" form="${escape(id)}">Continue</button>`;
  return page(title, `<p>${escape(text)}</p>${form}${button}`);
};

export const errorPage = (problem: string): string => page('Demo login', `<p>${escape(problem)}</p>`);

export const sendPage = (response: ServerResponse, status: number, html: string): void => {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
  });
  response.end(html);
};

/** The id chosen on the page; undefined where the form is too large or has none. */
export const chosenPerson = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_FORM_BYTES) return undefined;
    chunks.push(bytes);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8')).get('person') ?? undefined;
};
