import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { state } from '../cli/print.js';
import { type Bypass, type Checkup, checkUp, printable, tryBypass } from '../index.js';

export default class Doctor extends BaseCommand {
  static override summary = 'Check what can go wrong before the first call, and say how to mend it.';
  static override description =
    'Looks at Node.js, the configuration, ports, keys and secrets with their permissions, the identity providers and ' +
    'the clock against theirs, the servers, the disk, the folders and buckets of trails, and the lock of buckets that anchor. ' +
    'Starts no server and changes nothing. ' +
    'Ends with 2 where the gateway would not start or calls would fail, 11 where something is missing. The ledger has ' +
    'a doctor of its own: countersign ledger doctor. With --bypass it tries to reach every server as somebody would who goes ' +
    'around the gateway, and has the result recorded as evidence; then it ends with 10 where a server can be reached so.';
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor -c ./countersign.yaml --json',
    '<%= config.bin %> doctor --bypass',
  ];
  static override flags = {
    config: configFlag,
    bypass: Flags.boolean({
      summary: 'try every server without the credential of the gateway, and record what was seen',
      default: false,
    }),
  };

  async run(): Promise<Checkup | Bypass> {
    const { flags } = await this.parse(Doctor);
    if (flags.bypass) return this.bypass(flags.config);
    const found = await checkUp({ config: flags.config });
    for (const { what, state: name, message, mend } of found.checks) {
      const text = message.split('\n').map(printable).join('\n');
      this.log(`${state(this.out, name)}  ${this.out.paint('bold', printable(what))}  ${text}`);
      if (mend !== null) this.log(`  ${this.out.paint('dim', printable(`mend: ${mend}`))}`);
    }
    this.finish(found.exit);
    return found;
  }

  private async bypass(config: string | undefined): Promise<Bypass> {
    const found = await tryBypass({ config });
    const states = { refused: 'pass', unreachable: 'pass', unseen: 'pass', unclear: 'open', open: 'fail' } as const;
    for (const { server, outcome, says } of found.probes) {
      this.log(
        `${state(this.out, states[outcome])}  ${this.out.paint('bold', server)}  ${outcome}: ${printable(says)}`,
      );
    }
    const by = found.recordedBy === 'gateway' ? 'the running gateway' : 'this command';
    this.log(this.out.paint('dim', `recorded by ${by}; tried from ${found.probes[0]?.from ?? 'here'}`));
    this.finish(found.exit);
    return found;
  }
}
