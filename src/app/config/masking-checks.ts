/** What concerns several fields of `masking:` at once, or a field of it and a server. */
import { compileGlob } from '../../base/glob.js';
import { isLoopback } from '../../base/loopback.js';
import { DETECTOR_IDS } from '../../masking/marks.js';
import type { Finding } from './demo.js';
import type { Sections } from './schema.js';

type Masking = NonNullable<Sections['masking']>;
type Profile = Masking['profiles'][string];
type Rule = Profile['rules'][number];
type Path = readonly (string | number)[];

const BUILT_IN: ReadonlySet<string> = new Set(['secrets', 'personal', 'network', 'keys', ...DETECTOR_IDS]);

/** A rule for a detector or server that does not exist is a typing error, and under `block` a hole. */
const ruleFindings = (
  rule: Rule,
  path: Path,
  isDetector: (name: string) => boolean,
  servers: readonly string[] | undefined,
): readonly Finding[] => {
  const detectors = (rule.detectors ?? []).map((name, at) => ({ at, known: isDetector(name) }));
  const globs = (rule.servers ?? []).map((glob, at) => ({ at, known: servers?.some(compileGlob(glob)) ?? true }));
  const unknown = (list: string, items: readonly { at: number; known: boolean }[], message: string): Finding[] =>
    items.filter(({ known }) => !known).map(({ at }) => ({ path: [...path, list, at], message }));
  const changes = rule.direction === 'to_server' && rule.mode !== 'block';
  const message = 'must be block: what goes to a server goes as it was sent, or not at all';
  return [
    ...unknown('detectors', detectors, 'names no detector'),
    ...unknown('servers', globs, 'matches no server'),
    ...(changes ? [{ path: [...path, 'mode'], message }] : []),
  ];
};

const profileFindings = (name: string, { rules, presidio }: Profile, config: Sections): readonly Finding[] => {
  const path = ['masking', 'profiles', name];
  const own = config.masking?.detectors ?? {};
  // What an analyzer finds is named after its entities, which only it knows.
  const isDetector = (detector: string): boolean =>
    BUILT_IN.has(detector) || own[detector] !== undefined || (presidio !== undefined && detector.startsWith('x-'));
  const servers = config.servers && Object.keys(config.servers);
  const found = rules.flatMap((rule, at) => ruleFindings(rule, [...path, 'rules', at], isDetector, servers));
  const twice = rules
    .map(({ id }, at) => ({ at, twice: rules.findIndex((rule) => rule.id === id) < at }))
    .filter(({ twice: again }) => again)
    .map(({ at }) => ({
      path: [...path, 'rules', at, 'id'],
      message: 'is used by another rule; records name rules by it',
    }));
  const open = presidio?.url.startsWith('http:') === true && !isLoopback(new URL(presidio.url).hostname);
  const message = 'must start with https://; it gets every text in clear';
  return [...found, ...twice, ...(open ? [{ path: [...path, 'presidio', 'url'], message }] : [])];
};

export const maskingFindings = (config: Sections): readonly Finding[] =>
  Object.entries(config.masking?.profiles ?? {}).flatMap(([name, profile]) => profileFindings(name, profile, config));
