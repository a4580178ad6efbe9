import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { explainCall, loadSettings } from '../../index.js';

const GLYPHS = { allow: ['green', '●'], deny: ['red', '✗'], require_approval: ['yellow', '◆'] } as const;

const claimsOf = (texts: readonly string[]): Record<string, string[]> => {
  const claims: Record<string, string[]> = {};
  for (const text of texts) {
    const [name = '', ...value] = text.split('=');
    claims[name] = [...(claims[name] ?? []), value.join('=')];
  }
  return claims;
};

export default class PolicyExplain extends BaseCommand {
  static override summary = 'Explain what the policy says of a call, rule by rule.';
  static override description =
    'Asks the engine that decides in the gateway. Every rule is shown with what fits, or the first thing that does ' +
    'not. Ends with 14 where the call would be denied.';
  static override examples = [
    '<%= config.bin %> policy explain files write_file --group engineering',
    `<%= config.bin %> policy explain files read_file -g engineering --args '{"path":"/srv/a"}'`,
  ];
  static override args = {
    server: Args.string({ required: true, description: 'id of the server' }),
    target: Args.string({ description: 'tool, address of a resource, or prompt' }),
  };
  static override flags = {
    config: configFlag,
    group: Flags.string({
      char: 'g',
      summary: 'a group of the caller',
      helpValue: 'NAME',
      multiple: true,
      default: [],
    }),
    subject: Flags.string({ summary: 'subject of the caller', helpValue: 'TEXT' }),
    issuer: Flags.string({ summary: 'issuer of the caller (default: the first configured)', helpValue: 'URL' }),
    workload: Flags.boolean({ summary: 'the caller is a program' }),
    method: Flags.string({ summary: 'method of the call', helpValue: 'NAME', default: 'tools/call' }),
    claim: Flags.string({
      summary: 'a claim of the caller, such as department=finance',
      helpValue: 'NAME=VALUE',
      multiple: true,
      default: [],
    }),
    at: Flags.string({ summary: 'when (default: now)', helpValue: 'TIME' }),
    address: Flags.string({ summary: 'where the caller is (default: 127.0.0.1)', helpValue: 'ADDRESS' }),
    args: Flags.string({ summary: 'arguments of the call, a JSON object', helpValue: 'JSON' }),
  };

  async run(): Promise<ReturnType<typeof explainCall>> {
    const { args, flags } = await this.parse(PolicyExplain);
    const { config, group, workload, claim, ...rest } = flags;
    const kind = workload ? 'workload' : 'human';
    const question = { ...rest, groups: group, kind, claims: claimsOf(claim) } as const;
    const explained = explainCall(await loadSettings(config), { ...question, ...args });
    const { decision, steps, exit } = explained;
    const [colour, glyph] = GLYPHS[decision.effect];
    this.log(`${this.out.paint(colour, `${glyph} ${decision.effect.replace('_', ' ')}`)}  ${decision.reason}`);
    this.log('');
    const width = Math.max(...steps.map(({ rule }) => rule.length), 4);
    for (const { rule, effect, fit, sentence } of steps) {
      const decided = rule === decision.rule ? '→' : ' ';
      const text = `${decided} ${rule.padEnd(width)}  ${effect.padEnd(8)}  ${sentence}`;
      this.log(fit === 'fits' || fit === 'error' ? text : this.out.paint('dim', text));
    }
    this.finish(exit);
    return explained;
  }
}
