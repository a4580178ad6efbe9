/** Levels of log messages (RFC 5424), the least important first. */
const LEVELS: readonly string[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

export const isLevel = (level: string): boolean => LEVELS.includes(level);

/** Whether a message of this level is wanted by somebody who wants at least the other; null wants none. */
export const isWanted = (level: string, least: string | null): boolean =>
  least !== null && LEVELS.indexOf(level) >= LEVELS.indexOf(least);
