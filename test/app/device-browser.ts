/** A browser on another device: opens the address of a device login, sends the forms it finds, and logs a person in. */

const MOST_STEPS = 12;

const fieldsOf = (html: string): URLSearchParams =>
  new URLSearchParams(
    [...html.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)].map(
      ([, name = '', value = '']): [string, string] => [name, value],
    ),
  );

/** @returns the page that it ends with */
export const enterCode = async (start: URL, person: string): Promise<string> => {
  const jar = new Map<string, string>();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < MOST_STEPS; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = form ? { method: 'POST', body: form } : {};
    const response = await fetch(url, { redirect: 'manual', headers: { cookie }, ...sent });
    const html = await response.text();
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url);
      form = undefined;
    } else if (html.includes('name="person"')) form = new URLSearchParams({ person });
    else if (/<form/.test(html)) {
      url = new URL(/action="([^"]+)"/.exec(html)?.[1] ?? '', url);
      form = fieldsOf(html);
    } else return html;
  }
  throw new Error('the login on the other device came to no end');
};
