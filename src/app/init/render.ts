/** The files that `init` writes, from its answers and the templates. Pure. */
import { stringify } from 'yaml';
import type { ServerEntry } from './import.js';

/** What the questions ask; every answer has a default that stands for an example. */
export interface InitAnswers {
  readonly organization: string;
  readonly publicUrl: string;
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  /** Group whose members may call. */
  readonly group: string;
  /** Group whose members approve. */
  readonly reviewers: string;
  /** A folder, or `s3://bucket/prefix`; empty: none. */
  readonly cloudtrail: string;
}

/** Every string quoted: JSON is YAML. */
const quote = (text: string): string => JSON.stringify(text);

const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');

const originOf = (publicUrl: string): string =>
  `${URL.canParse(publicUrl) ? new URL(publicUrl).hostname : 'example.com'}/mcp/gw-1`;

const collectOf = (cloudtrail: string): string => {
  if (cloudtrail === '') return '# collect:\n#   cloudtrail: [{ dir: ./trail }]\n';
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(cloudtrail) ?? [];
  const source = bucket === undefined ? { dir: cloudtrail } : { s3: { bucket, ...(prefix && { prefix }) } };
  return stringify({ collect: { cloudtrail: [source] } }, { lineWidth: 0 });
};

/** The configuration: commented, and valid where the answers are. */
export const renderConfiguration = (
  template: string,
  answers: InitAnswers,
  servers: Readonly<Record<string, ServerEntry>>,
): string => {
  const { organization, publicUrl, issuer, audience, clientId, group, reviewers, cloudtrail } = answers;
  const scalars = { organization, publicUrl, issuer, audience, clientId, group, reviewers };
  return fill(template, {
    ...Object.fromEntries(Object.entries(scalars).map(([name, text]) => [name, quote(text)])),
    approvalAudience: quote(`${audience.replace(/\/$/, '')}/approvals`),
    origin: quote(originOf(publicUrl)),
    servers: stringify({ servers }, { lineWidth: 0 }),
    collect: collectOf(cloudtrail),
  });
};

/** The cases that show what the policy says, for one of the servers. */
export const renderCases = (template: string, { group }: InitAnswers, server: string): string =>
  fill(template, { group: quote(group), server: quote(server) });
