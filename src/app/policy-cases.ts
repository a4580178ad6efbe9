/** Cases of a policy: who calls what, and what must be decided. A file beside the configuration. */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { type Problem, parseYaml } from './config/document.js';
import { line, name } from './config/fields.js';
import { annotations, hintsOf } from './config/policy-schema.js';
import { issueProblems, wordIssue } from './config/problems.js';
import type { PolicyQuestion } from './policy-question.js';

export interface PolicyCase {
  readonly name: string;
  readonly question: PolicyQuestion;
  /** `allow`, `deny`, or `approval: NAME`. */
  readonly expect: string;
  /** Id of the rule that must decide; null: any. */
  readonly rule: string | null;
}

const MAX_BYTES = 1_048_576;

const policyCase = z.strictObject({
  name: line(200),
  principal: z
    .strictObject({
      groups: z.array(line(200)).max(200).default([]),
      issuer: line(500).optional(),
      subject: line(200).optional(),
      kind: z.enum(['human', 'workload']).optional(),
      claims: z.record(z.string(), z.array(line(500)).max(100)).optional(),
      address: line(50).optional(),
    })
    .prefault({}),
  call: z
    .strictObject({
      server: line(100),
      tool: line(256).optional(),
      method: line(200).optional(),
      target: line(2_000).optional(),
      args: z.record(z.string(), z.json()).optional(),
      at: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-07-01T12:00:00Z' }).optional(),
      annotations: annotations.optional(),
    })
    .refine(({ tool, method }) => (tool === undefined) !== (method === undefined), {
      error: 'must have exactly one of tool and method',
    }),
  expect: z.union([z.literal('allow'), z.literal('deny'), z.strictObject({ approval: name })], {
    error: 'must be allow, deny, or { approval: NAME }',
  }),
  rule: name.optional(),
});

const casesFile = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }),
  cases: z.array(policyCase).min(1).max(5_000),
});

const toCase = ({ name: title, principal, call, expect, rule }: z.output<typeof policyCase>): PolicyCase => ({
  name: title,
  question: {
    ...principal,
    server: call.server,
    method: call.method ?? 'tools/call',
    target: call.tool ?? call.target ?? null,
    args: JSON.stringify(call.args ?? {}),
    at: call.at,
    annotations: call.annotations && hintsOf(call.annotations),
  },
  expect: typeof expect === 'string' ? expect : `approval: ${expect.approval}`,
  rule: rule ?? null,
});

const readSource = async (file: string): Promise<string> => {
  const bytes = await readBounded(file, MAX_BYTES).catch((error: unknown) => {
    throw new CountersignError('CASES_INVALID', { file, problems: reason(error) }, { cause: error });
  });
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new CountersignError('CASES_INVALID', { file, problems: 'it is not UTF-8 text' });
};

const lineOf = ({ line: at, column, field, message }: Problem): string =>
  `\n  ${at}:${column} ${field === '' ? '' : `${field}: `}${message}`;

/**
 * Reads the cases strictly.
 * @throws CountersignError CASES_INVALID with every problem and its place
 */
export const readPolicyCases = async (file: string): Promise<readonly PolicyCase[]> => {
  const source = parseYaml(await readSource(file));
  const parsed = casesFile.safeParse(source.value, { error: wordIssue });
  const problems = [
    ...source.problems,
    ...(parsed.success || source.problems.length > 0
      ? []
      : parsed.error.issues.flatMap((issue) => issueProblems(issue, source))),
  ];
  if (!parsed.success || problems.length > 0) {
    throw new CountersignError('CASES_INVALID', { file, problems: problems.map(lineOf).join('') });
  }
  return parsed.data.cases.map(toCase);
};
