import type { ExportRecord } from './record.js';

/** The record as the ledger has it, without payload commitments, and with what names it. */
export const ndjsonOf = ({ origin, seq, t, type, d, leaf }: ExportRecord): string => {
  const { p: _, ...facts } = d;
  return JSON.stringify({ origin, seq, t, type, leaf, d: facts });
};
