/** Completion scripts for shells, from the commands there are. They start nothing: pressing Tab costs no time. Pure. */

export interface CompletedCommand {
  /** Words behind the name of the program. */
  readonly words: readonly string[];
  /** Long flags, without dashes. */
  readonly flags: readonly string[];
}

export const SHELLS = ['bash', 'zsh'] as const;
export type Shell = (typeof SHELLS)[number];

/** What may follow some words: further words of commands, or the flags of one. */
const followers = (commands: readonly CompletedCommand[]): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, Set<string>>();
  const at = (path: string): Set<string> => {
    const known = found.get(path) ?? new Set<string>();
    found.set(path, known);
    return known;
  };
  for (const { words, flags } of commands) {
    for (const [i, word] of words.entries()) at(words.slice(0, i).join(' ')).add(word);
    for (const flag of flags) at(words.join(' ')).add(`--${flag}`);
  }
  at('').add('--help').add('--version');
  return new Map([...found].map(([path, next]) => [path, [...next].sort()]));
};

const BODY = `_countersign() {
  local at='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    if [ -n "$(_countersign_words "\${at:+$at }$word")" ]; then at="\${at:+$at }$word"; fi
  done
  COMPREPLY=($(compgen -W "$(_countersign_words "$at")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _countersign countersign`;

/** The script that a shell reads at its start. Words of commands are letters and dashes, so nothing needs quoting. */
export const completionScript = (shell: Shell, commands: readonly CompletedCommand[]): string => {
  const cases = [...followers(commands)].map(([path, next]) => `    '${path}') echo '${next.join(' ')}' ;;`);
  return [
    ...(shell === 'zsh' ? ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit'] : []),
    '_countersign_words() {',
    '  case "$1" in',
    ...cases,
    '  esac',
    '}',
    BODY,
    '',
  ].join('\n');
};
