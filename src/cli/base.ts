import { Command, Flags } from '@oclif/core';
import { CountersignError, closest, EXIT, type ExitCode, terminal } from '../index.js';

/** The flag every command that reads the configuration takes. */
export const configFlag = Flags.string({
  char: 'c',
  summary: 'the configuration file (default: $COUNTERSIGN_CONFIG, then ./countersign.yaml)',
  helpValue: 'FILE',
});

/**
 * What all commands share: `--json`, one way to print an error (what is wrong, then the mend),
 * and the exit codes of the error table. `run()` returns what `--json` prints.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  /** Standard output, for answers. */
  protected readonly out = terminal(process.stdout);
  /** Standard error, for progress and errors. */
  protected readonly err = terminal(process.stderr);

  /** Ends the command with this code once its output is written. */
  protected finish(code: ExitCode): void {
    process.exitCode = code;
  }

  protected override async catch(error: Error & { exitCode?: number; oclif?: { exit?: number } }): Promise<unknown> {
    if (error instanceof CountersignError) return this.fail(error.exit, error.code, error.message, error.hint);
    const usage = error.constructor.name.endsWith('Error') && error.oclif?.exit === 2;
    if (usage) {
      const message = error.message.split('\nSee more help')[0] ?? error.message;
      return this.fail(EXIT.usage, 'USAGE', message, this.flagMeant(message) ?? 'see --help');
    }
    if (error.oclif?.exit !== undefined) throw error;
    return this.fail(
      EXIT.unexpected,
      'UNEXPECTED',
      error.message,
      'this may be a defect; please report it with what you did',
    );
  }

  /** The flag that was probably meant, in a sentence. */
  private flagMeant(message: string): string | undefined {
    const [, asked] = /^Nonexistent flags?: --([\w-]+)/.exec(message) ?? [];
    const meant = asked === undefined ? undefined : closest(asked, Object.keys(this.ctor.flags));
    return meant && `--${meant} is probably what you mean; see --help`;
  }

  private fail(exit: ExitCode, code: string, message: string, hint: string): void {
    process.exitCode = exit;
    if (this.jsonEnabled()) return this.logJson({ error: { code, message, hint, exit } });
    this.logToStderr(`${this.err.paint('red', 'error')}  ${message}`);
    this.logToStderr(`${this.err.paint('dim', 'mend')}   ${hint}`);
  }
}
