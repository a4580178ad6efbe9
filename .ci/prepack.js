/**
 * Runs before `npm pack`: a build without leftovers of earlier ones, and the manifest of commands, with which a command
 * starts without loading all others. `npm pack` takes the manifest away again: in a checkout it would hide new commands.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = fileURLToPath(new URL('../oclif.manifest.json', import.meta.url));

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
rmSync(manifest, { force: true });
execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });

const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
writeFileSync(manifest, JSON.stringify(plugin.manifest));
