/** The story of one session, call, approval or event. */
import { CountersignError } from '../base/errors.js';
import type { Settings } from '../model/settings.js';
import { warehouseFile } from '../warehouse/build.js';
import { openWarehouse } from '../warehouse/open.js';
import { readTimeline, type Timeline } from '../warehouse/timeline.js';

export type { Timeline } from '../warehouse/timeline.js';

export interface TimelineAsk {
  readonly settings: Settings;
  /** Of a session, a call, an approval or a CloudTrail event. */
  readonly id: string;
  /** Most entries. */
  readonly limit: number;
}

/**
 * Reads the warehouse as it was built last.
 * @throws CountersignError WAREHOUSE_NOT_FOUND, TIMELINE_UNKNOWN
 */
export const timeline = async ({ settings, id, limit }: TimelineAsk): Promise<Timeline> => {
  const warehouse = await openWarehouse(warehouseFile(settings.gateway.dataDir), { readOnly: true });
  try {
    const found = await readTimeline(warehouse, id, limit);
    if (found === undefined) throw new CountersignError('TIMELINE_UNKNOWN', { id });
    return found;
  } finally {
    await warehouse.close();
  }
};
