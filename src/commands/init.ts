import { Args, Flags } from '@oclif/core';
import { askAll, type Question } from '../cli/ask.js';
import { BaseCommand } from '../cli/base.js';
import { INIT_DEFAULTS, type InitResult, initialize } from '../index.js';

type Answers = typeof INIT_DEFAULTS;
type Asked = 'import' | 'publicUrl' | 'issuer' | 'group' | 'reviewers' | 'cloudtrail';
type Given = { readonly [Name in keyof Answers]?: string | undefined };

const QUESTIONS: readonly (Question & { readonly name: Asked })[] = [
  { name: 'import', text: 'Servers: file of your MCP client, such as .mcp.json (empty: an example)?', fallback: '' },
  { name: 'publicUrl', text: 'Address under which clients reach the gateway?', fallback: INIT_DEFAULTS.publicUrl },
  { name: 'issuer', text: 'Identity provider (issuer URL, as in its tokens)?', fallback: INIT_DEFAULTS.issuer },
  { name: 'group', text: 'Group that may call?', fallback: INIT_DEFAULTS.group },
  { name: 'reviewers', text: 'Group that approves?', fallback: INIT_DEFAULTS.reviewers },
  { name: 'cloudtrail', text: 'CloudTrail: a folder, or s3://bucket/prefix (empty: later)?', fallback: '' },
];

export default class Init extends BaseCommand {
  static override summary = 'Write a first configuration, cases of its policy, and keys.';
  static override description =
    'Asks up to six questions where it runs on a terminal; flags answer them, and --yes takes the examples for the ' +
    'rest. The servers of an MCP client (.mcp.json, Claude Desktop, VS Code, Cursor) are taken over with --import: ' +
    'values of their environment and headers are left behind, and the file names variables instead. Nothing is ' +
    'overwritten. The keys can be read by you alone; keep copies of them.';
  static override examples = [
    '<%= config.bin %> init',
    '<%= config.bin %> init ./gateway --import .mcp.json --issuer https://login.example.com --yes',
  ];
  static override args = { dir: Args.string({ description: 'the folder', default: '.' }) };
  static override flags = {
    import: Flags.string({ summary: 'take over the servers of this file', helpValue: 'FILE', multiple: true }),
    organization: Flags.string({ summary: 'name on the report', helpValue: 'NAME' }),
    'public-url': Flags.string({ summary: 'https address that clients use', helpValue: 'URL' }),
    issuer: Flags.string({ summary: 'the identity provider', helpValue: 'URL' }),
    audience: Flags.string({ summary: 'audience of tokens for calls (default: the public URL)', helpValue: 'TEXT' }),
    'client-id': Flags.string({ summary: 'public client of `countersign login`', helpValue: 'ID' }),
    group: Flags.string({ summary: 'group that may call', helpValue: 'NAME' }),
    reviewers: Flags.string({ summary: 'group that approves', helpValue: 'NAME' }),
    cloudtrail: Flags.string({ summary: 'a folder, or s3://bucket/prefix', helpValue: 'PLACE' }),
    yes: Flags.boolean({ char: 'y', summary: 'ask nothing' }),
  };

  async run(): Promise<InitResult> {
    const { args, flags } = await this.parse(Init);
    const given: Given = {
      organization: flags.organization,
      publicUrl: flags['public-url'],
      issuer: flags.issuer,
      audience: flags.audience,
      clientId: flags['client-id'],
      group: flags.group,
      reviewers: flags.reviewers,
      cloudtrail: flags.cloudtrail,
    };
    const quiet = flags.yes || this.jsonEnabled() || !process.stdin.isTTY || !this.err.interactive;
    const asked = quiet ? {} : await this.ask({ ...given, import: flags.import?.[0] });
    const { import: file, ...more } = asked;
    const answers = Object.fromEntries(
      Object.entries({ ...given, ...more }).filter(([, answer]) => answer !== undefined),
    );
    const imports = flags.import ?? (file === undefined || file === '' ? [] : [file]);
    const result = await initialize({ dir: args.dir, answers, imports });
    this.show(result);
    return result;
  }

  private async ask(known: Given & { import?: string | undefined }): Promise<Partial<Record<Asked, string>>> {
    const open = QUESTIONS.filter(({ name }) => known[name] === undefined);
    const answers = await askAll(open, process.stdin, process.stderr);
    return Object.fromEntries(open.map(({ name }, at) => [name, answers[at] ?? '']));
  }

  private show({ files, servers, variables, skipped, examples, next }: InitResult): void {
    for (const file of files) this.log(`${this.out.paint('green', '✓')} ${file}`);
    this.log(`\nServers: ${servers.join(', ')}`);
    for (const text of skipped) this.log(`${this.out.paint('yellow', '▲')} not taken over  ${text}`);
    if (variables.length > 0) this.log(`Set for the gateway, in its environment: ${variables.join(', ')}`);
    if (examples.length > 0) this.log(`Still examples, replace them: ${examples.join(', ')}`);
    this.log(`\n${this.out.paint('bold', 'Next')}`);
    for (const command of next) this.log(`  ${command}`);
  }
}
