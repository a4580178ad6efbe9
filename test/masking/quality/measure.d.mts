/** What became of the values of one detector. */
export interface QualityRow {
  readonly detector: string;
  readonly values: number;
  /** Of them, how many did not come out. */
  readonly found: number;
  /** How often the detector masked what is no value, or more than the value. */
  readonly wrong: number;
  readonly examples: readonly string[];
}
export declare const measure: (
  mask: (bytes: Buffer) => { readonly bytes: Buffer },
  perDetector: number,
) => { readonly rows: readonly QualityRow[]; readonly nearMisses: number };
export declare const qualityTable: (rows: readonly QualityRow[]) => string;
