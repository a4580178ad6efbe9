/** A running server, and what reached it. */
export interface EraServer {
  readonly url: string;
  /** What its tools did. */
  readonly seen: string[];
  /** Headers of each request. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>[];
  close(): Promise<void>;
}
/** @param speaks a revision, or `both` */
export function startEraServer(speaks: string): Promise<EraServer>;
