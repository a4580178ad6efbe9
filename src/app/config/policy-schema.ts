/** The rules of `policy`: what stands in the file, and what the engine takes. */
import { z } from 'zod';
import type { PolicyHours, PolicyRule } from '../../model/policy-settings.js';
import { isNetwork } from '../../policy/circumstances.js';
import { compileWhen } from '../../policy/when.js';
import { glob, line, name, timeZone } from './fields.js';

const condition = z
  .string()
  .min(1)
  .max(4_000)
  .check((context) => {
    const compiled = compileWhen(context.value);
    if (compiled.ok) return;
    const message = `is no condition: ${compiled.problem} (at character ${compiled.offset + 1})`;
    context.issues.push({ code: 'custom', message, input: context.value });
  })
  .describe('A condition in CEL over args, call and principal.');

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Minutes since midnight, written `08:30`; `24:00` is the end of a day. */
const timeOfDay = z
  .string()
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a time such as "08:30", in quotes')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

export const hours = z.strictObject({
  days: z
    .array(z.enum(DAYS, { error: `must be one of ${DAYS.join(', ')}` }))
    .min(1)
    .max(7)
    .default([...DAYS]),
  from: timeOfDay.prefault('00:00'),
  to: timeOfDay.prefault('24:00'),
  timezone: timeZone.optional(),
});

const network = z
  .string()
  .max(50)
  .refine(isNetwork, { error: 'must be an address or a block such as 10.0.0.0/8 or 2001:db8::/32' });

/** What a server says of a tool. */
export const annotations = z
  .strictObject({
    readOnly: z.boolean().optional(),
    destructive: z.boolean().optional(),
    idempotent: z.boolean().optional(),
    openWorld: z.boolean().optional(),
  })
  .refine((hints) => Object.keys(hints).length > 0, {
    error: 'must name one of readOnly, destructive, idempotent and openWorld',
  });

export const policyRule = z
  .strictObject({
    id: name,
    allow: z.literal(true, { error: 'must be true; leave the key out otherwise' }).optional(),
    deny: z.literal(true, { error: 'must be true; leave the key out otherwise' }).optional(),
    approval: name.optional(),
    groups: z.array(line(200)).min(1).max(200).optional(),
    subjects: z.array(glob).min(1).max(200).optional(),
    kind: z.enum(['human', 'workload']).optional(),
    claims: z
      .record(line(200), z.array(line(500)).min(1).max(100))
      .refine((claims) => Object.keys(claims).length <= 20, { error: 'must name at most 20 claims' })
      .optional(),
    servers: z.array(glob).min(1).max(200).optional(),
    tools: z.array(glob).min(1).max(500).optional(),
    annotations: annotations.optional(),
    methods: z
      .array(glob.refine((text) => text !== 'tools/call', { error: "name the tools instead: tools: ['*']" }))
      .min(1)
      .max(200)
      .optional(),
    resources: z.array(glob).min(1).max(500).optional(),
    prompts: z.array(glob).min(1).max(500).optional(),
    hours: hours.optional(),
    networks: z.array(network).min(1).max(200).optional(),
    when: condition.optional(),
    risk: z.enum(['high', 'low']).optional(),
    masking: name.optional(),
  })
  .refine((rule) => [rule.allow, rule.deny, rule.approval].filter((effect) => effect !== undefined).length === 1, {
    error: 'must have exactly one of allow, deny and approval',
  })
  .refine(({ deny, masking }) => deny === undefined || masking === undefined, {
    error: 'must not name a masking profile where it denies',
  })
  .refine(({ hours: span }) => span?.from !== 1_440, { error: 'must have hours that begin before 24:00' });

type ParsedRule = z.output<typeof policyRule>;

/** Only what was said. */
export const hintsOf = (hints: z.output<typeof annotations>): NonNullable<PolicyRule['annotations']> => {
  const { readOnly, destructive, idempotent, openWorld } = hints;
  return {
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(destructive === undefined ? {} : { destructive }),
    ...(idempotent === undefined ? {} : { idempotent }),
    ...(openWorld === undefined ? {} : { openWorld }),
  };
};

/** What narrows a rule beyond groups, servers and names; absent where the file does not say it. */
/** @param timezone where hours name none */
export const hoursOf = (span: z.output<typeof hours> | undefined, timezone: string): { hours?: PolicyHours } =>
  span ? { hours: { ...span, timezone: span.timezone ?? timezone } } : {};

const narrowingOf = (rule: ParsedRule, timezone: string): Partial<PolicyRule> => ({
  ...(rule.subjects ? { subjects: rule.subjects } : {}),
  ...(rule.kind ? { kind: rule.kind } : {}),
  ...(rule.claims ? { claims: rule.claims } : {}),
  ...hoursOf(rule.hours, timezone),
  ...(rule.networks ? { networks: rule.networks } : {}),
  ...(rule.annotations ? { annotations: hintsOf(rule.annotations) } : {}),
  ...(rule.when === undefined ? {} : { when: rule.when }),
  ...(rule.masking === undefined ? {} : { masking: rule.masking }),
});

const namesOf = ({ tools = [], methods = [], resources, prompts }: ParsedRule) => ({
  tools,
  methods,
  ...(resources ? { resources } : {}),
  ...(prompts ? { prompts } : {}),
});

/** @param timezone of the organization: where hours name none */
export const ruleOf = (rule: ParsedRule, timezone: string): PolicyRule => ({
  id: rule.id,
  effect: rule.approval !== undefined ? 'approval' : rule.deny ? 'deny' : 'allow',
  approval: rule.approval ?? null,
  groups: rule.groups ?? [],
  servers: rule.servers ?? [],
  ...namesOf(rule),
  ...narrowingOf(rule, timezone),
  risk: rule.risk ?? null,
});
