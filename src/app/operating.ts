/** What the admin listener tells machines beside `/healthz`: readiness, and metrics. Read without a login. */
import type { AdminRoute } from '../gateway/admin.js';
import type { Metrics } from './metrics.js';

/** One part that calls need: null where it is ready, else why it is not. No names, no paths, no content. */
export type Parts = Readonly<Record<string, string | null>>;

export interface OperatingDeps {
  readonly hosts: (host: string) => boolean;
  readonly parts: () => Parts;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
}

/** `GET /readyz`: 200, or 503 with the parts that are not ready and why. */
const readiness = (parts: Parts): { readonly status: number; readonly body: string } => {
  const ready = Object.values(parts).every((problem) => problem === null);
  const said = Object.entries(parts).map(([part, problem]) => [part, problem ?? 'ready'] as const);
  return { status: ready ? 200 : 503, body: JSON.stringify({ ready, parts: Object.fromEntries(said) }) };
};

export const operatingRoute =
  ({ hosts, parts, metrics }: OperatingDeps): AdminRoute =>
  async (request, response) => {
    const { method, url, headers } = request;
    if (method !== 'GET' || (url !== '/readyz' && url !== '/metrics')) return false;
    const answer = (status: number, type: string, body: string): true => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(body);
      return true;
    };
    if (!hosts(headers.host ?? '')) {
      const refused = { error: { code: 'BAD_HOST', message: 'this Host is not served here' } };
      return answer(403, 'application/json', JSON.stringify(refused));
    }
    if (url === '/metrics') return answer(200, metrics.contentType, await metrics.text());
    const { status, body } = readiness(parts());
    return answer(status, 'application/json', body);
  };
