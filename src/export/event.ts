import { ndjsonOf } from './ndjson.js';
import { ocsfOf } from './ocsf.js';
import type { ExportEvent, ExportFormat, ExportRecord } from './record.js';

/** A record in the format that was asked for; null where that format has nothing to say of it. */
export const eventOf = (record: ExportRecord, format: ExportFormat): ExportEvent | null => {
  const { seq, t, type } = record;
  const ocsf = ocsfOf(record);
  const severity = ocsf?.severity ?? 'informational';
  if (format === 'ndjson') return { seq, t, type, severity, body: ndjsonOf(record) };
  return ocsf && { seq, t, type, severity, body: JSON.stringify(ocsf.event) };
};
