/** How programs are told to start `countersign wrap`. Each has a file of its own shape; the entry within is the same. */

/** Where each program looks, and below which name. */
const PROGRAMS = {
  'claude-desktop': { file: 'claude_desktop_config.json (Settings, Developer, Edit Config)', below: 'mcpServers' },
  cursor: { file: '~/.cursor/mcp.json', below: 'mcpServers' },
  vscode: { file: '.vscode/mcp.json', below: 'servers' },
} as const;

export type WrapProgram = keyof typeof PROGRAMS;

export const WRAP_PROGRAMS: readonly WrapProgram[] = ['claude-desktop', 'cursor', 'vscode'];

export interface Snippet {
  /** Where it belongs. */
  readonly file: string;
  /** JSON, to be merged into that file. Holds no secret: the token stays in the login store. */
  readonly text: string;
}

/**
 * @param command the command and its arguments, with absolute paths: desktop programs know no shell's PATH
 */
export const snippet = (program: WrapProgram, server: string, command: readonly string[]): Snippet => {
  const { file, below } = PROGRAMS[program];
  const [executable, ...args] = command;
  const entry = { ...(program === 'vscode' ? { type: 'stdio' } : {}), command: executable, args };
  return { file, text: JSON.stringify({ [below]: { [server]: entry } }, null, 2) };
};
