/** Which folders of controls a command takes beside those that ship. */
import { Flags } from '@oclif/core';
import { loadSettings } from '../index.js';

export const controlFlags = {
  config: Flags.string({
    char: 'c',
    summary: 'a configuration whose folders of controls (evidence.controls) are taken too',
    helpValue: 'FILE',
  }),
  dir: Flags.string({ summary: 'a further folder of controls', helpValue: 'DIR', multiple: true }),
};

/** Those of the configuration, where one is named, and those named one by one. */
export const controlFolders = async ({
  config,
  dir = [],
}: {
  readonly config?: string | undefined;
  readonly dir?: readonly string[] | undefined;
}): Promise<readonly string[]> => {
  if (config === undefined) return dir;
  const { evidence } = await loadSettings(config);
  return [...evidence.controls, ...dir];
};
