import { spawn } from 'node:child_process';

/**
 * Asks the desktop to show an address. Whether that works is not known here and does not matter:
 * the address is printed as well.
 */
export const openBrowser = (url: URL): void => {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(opener, [url.href], { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined);
  child.unref();
};
