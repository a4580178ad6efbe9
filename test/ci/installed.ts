/** The package as people get it: packed from a copy of the checkout, installed into an empty prefix. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../layers.js';

const PACKED = ['.ci', 'bin', 'controls', 'docs', 'src', 'templates', 'LICENSE', 'README.md', 'package.json'];
const BUILT = ['tsconfig.json', 'tsconfig.build.json'];

export interface Installed {
  /** The copy that was packed, so that the build of others is left alone. */
  readonly checkout: string;
  /** Paths inside the tarball. */
  readonly files: readonly string[];
  readonly prefix: string;
  /** The command, and the folder to put on the search path. */
  readonly command: string;
  readonly bin: string;
}

const npm = (args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string =>
  execFileSync('npm', [...args, '--no-update-notifier'], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

const copyCheckout = async (checkout: string): Promise<void> => {
  await mkdir(checkout);
  for (const name of [...PACKED, ...BUILT]) await cp(join(ROOT, name), join(checkout, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
};

/**
 * Packs and installs into `dir`, with `home` as the home folder. What the registry gave before comes from npm's cache.
 */
export const installPacked = async (dir: string, home: string): Promise<Installed> => {
  const [checkout, prefix] = [join(dir, 'checkout'), join(dir, 'prefix')];
  await copyCheckout(checkout);
  const cache = npm(['config', 'get', 'cache'], ROOT).trim();
  npm(['pack', '--silent', '--pack-destination', dir], checkout);
  const tarball = join(dir, (await readdir(dir)).find((name) => name.endsWith('.tgz')) ?? '');
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
  const options = ['--prefix', prefix, '--cache', cache, '--prefer-offline', '--no-audit', '--no-fund'];
  npm(['install', '--global', '--silent', ...options, tarball], home, { ...process.env, HOME: home });
  return { checkout, files, prefix, command: join(prefix, 'bin/countersign'), bin: join(prefix, 'bin') };
};
