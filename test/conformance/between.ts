/** One gateway between our client and whichever server a scenario of the suite starts. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { prepareWorld } from '../e2e/proxy.js';
import { freePort } from '../gateway/harness.js';
import { startFront } from './front.js';

/** The tools, resources and prompts of the scenarios' servers; no rule says `everything`. */
const POLICY = `[ { id: tools, allow: true, groups: [engineering], tools: ['*'] },
  { id: resources, allow: true, groups: [engineering], resources: ['**'] },
  { id: prompts, allow: true, groups: [engineering], prompts: ['*'] } ]`;

export interface Between {
  /** Asked with `?server=URL`, leads the gateway to that server and answers with its address and a token. */
  readonly control: string;
  readonly ledger: string;
  /** Ends the gateway in order, so that its ledger is whole. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export const startBetween = async (): Promise<Between> => {
  let server = '';
  const [onward, control] = [await freePort(), await freePort()];
  const world = await prepareWorld({
    servers: `{ up: { http: { url: 'http://127.0.0.1:${onward}/' } } }`,
    policy: POLICY,
  });
  const gateway = await world.start();
  const answer = JSON.stringify({ url: `${world.gateway}/up/mcp`, token: await world.token() });
  const leading = await startFront(onward, { url: () => server });
  const controlling = createServer((request, response) => {
    server = z.url().parse(new URL(request.url ?? '', 'http://localhost').searchParams.get('server'));
    response.end(answer);
  });
  await new Promise<void>((resolve) => controlling.listen(control, '127.0.0.1', resolve));
  return {
    control: `http://127.0.0.1:${control}/`,
    ledger: world.ledger,
    async stop() {
      gateway.kill('SIGTERM');
      await once(gateway, 'exit');
    },
    async close() {
      gateway.kill('SIGKILL');
      for (const one of [leading, controlling]) {
        one.close();
        one.closeAllConnections();
      }
      await world.idp.close();
    },
  };
};
