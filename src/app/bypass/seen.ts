import type { ProbeRecord } from '../../model/probe.js';

/** What one look at a server showed. */
export type Seen = Pick<ProbeRecord, 'outcome' | 'says'>;
