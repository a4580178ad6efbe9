/** The public API. The command line is built on it, and so can other programs be. */

export { terminal } from './app/terminal.js';
export { CountersignError, ERRORS, type ErrorCode, EXIT, type ExitCode, worstExit } from './base/errors.js';
