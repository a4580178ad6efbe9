/** Keeps demonstration and real use apart: demo settings cannot leak into production, nor leave this machine. */
import { isLoopback } from '../../base/loopback.js';
import type { FieldPath } from './document.js';
import type { Sections } from './schema.js';

/** A finding before it has a position. `demo`: the file confuses a demonstration with real use. */
export interface Finding {
  readonly path: FieldPath;
  readonly message: string;
  readonly demo?: true;
}

interface Place {
  readonly path: FieldPath;
  readonly value: string;
}

const urlIsLoopback = (url: string): boolean => isLoopback(new URL(url).hostname);

const DEMO_ORIGIN = /^demo\.invalid(?:\/|$)/;

const plainIssuers = ({ identity }: Sections): readonly Place[] =>
  (identity?.issuers ?? []).flatMap(({ issuer }, at) =>
    issuer.startsWith('http:') ? [{ path: ['identity', 'issuers', at, 'issuer'], value: issuer }] : [],
  );

/** Endpoints that stand in for AWS's own. */
const awsEndpoints = ({ servers }: Sections): readonly Place[] =>
  Object.entries(servers ?? {}).flatMap(([id, { aws }]) =>
    (['endpoint', 'serviceEndpoint'] as const).flatMap((key) => {
      const value = aws?.[key];
      return value === undefined ? [] : [{ path: ['servers', id, 'aws', key], value }];
    }),
  );

const finding = (path: FieldPath, message: string): Finding => ({ path, message, demo: true });

/** Without `demo: true` nothing demo-like loads. */
const notDemo = (config: Sections): readonly Finding[] => {
  const hint = 'works only with `demo: true`';
  const isDemoOrigin = config.ledger !== undefined && DEMO_ORIGIN.test(config.ledger.origin);
  return [
    ...plainIssuers(config).map(({ path }) => finding(path, `must start with https://; an http issuer ${hint}`)),
    ...awsEndpoints(config).map(({ path }) => finding(path, `${hint}; leave it out for AWS`)),
    ...(isDemoOrigin ? [finding(['ledger', 'origin'], `must name a domain of yours; demo.invalid ${hint}`)] : []),
  ];
};

/** With `demo: true` everything stays on this machine and says what it is. */
const onlyDemo = (config: Sections): readonly Finding[] => {
  const { gateway, ledger } = config;
  const hosts: readonly Place[] = gateway
    ? [
        { path: ['gateway', 'listen'], value: gateway.listen.host },
        { path: ['gateway', 'admin'], value: gateway.admin.host },
      ]
    : [];
  const publicUrl: readonly Place[] =
    gateway?.publicUrl === undefined ? [] : [{ path: ['gateway', 'publicUrl'], value: gateway.publicUrl }];
  const urls = [...publicUrl, ...plainIssuers(config), ...awsEndpoints(config)];
  const away = [
    ...hosts.filter(({ value }) => !isLoopback(value)),
    ...urls.filter(({ value }) => !urlIsLoopback(value)),
  ];
  const isOtherOrigin = ledger !== undefined && !DEMO_ORIGIN.test(ledger.origin);
  const origin = 'must be demo.invalid, or start with demo.invalid/, with `demo: true`';
  return [
    ...away.map(({ path }) => finding(path, 'must stay on this machine (127.0.0.1) with `demo: true`')),
    ...(isOtherOrigin ? [finding(['ledger', 'origin'], origin)] : []),
  ];
};

/** What a configuration says that its `demo` setting forbids. */
export const demoFindings = (config: Sections): readonly Finding[] => {
  if (config.demo === undefined) return [];
  return config.demo ? onlyDemo(config) : notDemo(config);
};
