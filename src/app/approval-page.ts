/** The web page of approvals on the admin listener, where a client for its login is configured. */
import { getRequestListener } from '@hono/node-server';
import { createWebApp } from '../approval/channels/web/app.js';
import { createCeremony } from '../approval/channels/web/ceremony.js';
import type { WebDependencies } from '../approval/channels/web/ports.js';
import type { AdminRoute } from '../gateway/admin.js';
import type { Settings } from '../model/settings.js';
import { createWebLogin, webTarget } from './web-login.js';

/** Paths of the page; `/approvals` is the API's. */
const OWN = /^\/(?:$|\?|mine$|recent$|passkeys(?:$|\/)|login(?:$|\?|\/callback)|logout$|events$|assets\/|requests\/)/;

/** Who is told of transitions. */
export const createListeners = () => {
  const listeners = new Set<() => void>();
  return {
    tell: (): void => {
      for (const listener of listeners) listener();
    },
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

export type PageParts = Omit<WebDependencies, 'origin' | 'login' | 'ceremony'>;

/** What browsers reach the page by; null where no issuer has a client for it. */
export const pageAddress = ({ issuers, gateway }: Pick<Settings, 'issuers' | 'gateway'>): string | null =>
  webTarget(issuers) ? (gateway.adminUrl ?? null) : null;

/** The route of the page; none where no issuer has a client for it. */
export const pageRoutes = (settings: Settings, parts: PageParts): readonly AdminRoute[] => {
  const target = webTarget(settings.issuers);
  const origin = pageAddress(settings);
  if (!target || !origin) return [];
  const app = createWebApp({
    ...parts,
    origin,
    ceremony: createCeremony(origin),
    login: createWebLogin(target, settings),
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return [
    async (request, response) => {
      if (!OWN.test(request.url ?? '')) return false;
      await listener(request, response);
      return true;
    },
  ];
};
