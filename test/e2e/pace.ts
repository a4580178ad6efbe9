/** Calls at a fixed rate over keep-alive connections, whatever the answers take, and what became of them. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Paced {
  /** Calls a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Calls under way at most; more are not made, and counted. */
  readonly most: number;
  /** One call. What it throws is an error of the run. */
  readonly call: (n: number) => Promise<void>;
}

export interface PaceResult {
  readonly made: number;
  /** Not made because too many were under way. */
  readonly left: number;
  readonly errors: readonly string[];
}

const TICK_MS = 20;

export const pace = async ({ rate, seconds, most, call }: Paced): Promise<PaceResult> => {
  const errors: string[] = [];
  const underway = new Set<Promise<void>>();
  const started = performance.now();
  let made = 0;
  let left = 0;
  while (performance.now() - started < seconds * 1_000) {
    const due = Math.floor(((performance.now() - started) / 1_000) * rate);
    for (; made + left < due; ) {
      if (underway.size >= most) {
        left++;
        continue;
      }
      const one = call(made++)
        .catch((error: unknown) => void (errors.length < 20 && errors.push(String(error))))
        .finally(() => underway.delete(one));
      underway.add(one);
    }
    await sleep(TICK_MS);
  }
  await Promise.all(underway);
  return { made, left, errors };
};

/** As many calls as answers come, with so many under way: calls a second. */
export const fastest = async (callers: number, seconds: number, call: Paced['call']): Promise<number> => {
  const started = performance.now();
  let made = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - started < seconds * 1_000) await call(made++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return made / ((performance.now() - started) / 1_000);
};

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly session: string | undefined;
}

/** A client of one address. */
export const poster = (url: string, sockets: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets });
  return {
    post: (headers: Record<string, string>, body: string | null, method = 'POST'): Promise<Answered> =>
      new Promise((resolve, reject) => {
        const outgoing = request(url, { method, agent, headers }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.once('error', reject).once('end', () => {
            const id = response.headers['mcp-session-id'];
            resolve({ status: response.statusCode ?? 0, text, session: typeof id === 'string' ? id : undefined });
          });
        });
        outgoing.once('error', reject).end(body ?? undefined);
      }),
    close: (): void => agent.destroy(),
  };
};
