/** Counts the rows of a CSV file (RFC 4180) while its bytes go by, in constant memory. */

const QUOTE = 0x22;
const FEED = 0x0a;

export interface CsvRowCounter {
  add(chunk: Uint8Array): void;
  /** Records so far without the head; one that is not ended by a line feed counts. */
  rows(): number;
}

/** A line feed within quotes belongs to a field; a doubled quote opens and closes at once, and so changes nothing. */
export const csvRowCounter = (): CsvRowCounter => {
  let records = 0;
  let quoted = false;
  let open = false;
  return {
    add(chunk) {
      for (const byte of chunk) {
        open = true;
        if (byte === QUOTE) quoted = !quoted;
        else if (byte === FEED && !quoted) {
          records++;
          open = false;
        }
      }
    },
    rows: () => Math.max(0, records + (open ? 1 : 0) - 1),
  };
};

/** Whether a file of a package is a table whose rows the manifest counts. */
export const isTable = (path: string): boolean => /^csv\/[^/]+\.csv$/.test(path);
