/** The waivers of a report, from the folder of the configuration or of a package. */
import type { Control } from '../../controls/definition.js';
import { type LoadedWaivers, loadWaivers } from '../../controls/waivers.js';
import type { Period } from '../../model/evidence.js';
import type { Settings } from '../../model/settings.js';

/**
 * Reads a folder of waivers for the tests of a period.
 * @param dir null: there are none
 * @throws CountersignError WAIVER_INVALID
 */
export const waiversOf = async (
  dir: string | null,
  { people }: Pick<Settings, 'people'>,
  controls: readonly Control[],
  period: Period,
): Promise<LoadedWaivers> =>
  dir === null
    ? { waivers: [], files: [] }
    : loadWaivers(dir, { period, people, controls: controls.map(({ id }) => id) });
