import type { Hook } from '@oclif/core';
import { closest, EXIT, terminal } from '../index.js';

/** What is said of words that name no command: the command that was probably meant. */
export const notFound = (
  id: string,
  commands: readonly string[],
): { readonly message: string; readonly hint: string } => {
  const asked = id.replaceAll(':', ' ');
  const meant = closest(asked, commands);
  return {
    message: `there is no command ${asked}`,
    hint:
      meant === undefined ? 'countersign --help lists the commands' : `countersign ${meant} is probably what you mean`,
  };
};

/** Runs instead of oclif's own message, with the form and the exit code of every other error. */
const hook: Hook<'command_not_found'> = async function tell({ id, argv = [] }) {
  const { message, hint } = notFound(
    id,
    this.config.commandIDs.map((known) => known.replaceAll(':', ' ')),
  );
  if (argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ error: { code: 'USAGE', message, hint, exit: EXIT.usage } })}\n`);
  } else {
    const err = terminal(process.stderr);
    process.stderr.write(`${err.paint('red', 'error')}  ${message}\n${err.paint('dim', 'mend')}   ${hint}\n`);
  }
  this.exit(EXIT.usage);
};

export default hook;
