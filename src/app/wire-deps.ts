/** What a gateway is given from outside: clock, log, environment, disk. */
import type { Clock } from '../base/clock.js';
import type { FilePort } from '../base/durable.js';
import type { UpstreamsDeps } from '../upstream/open.js';

/** The program's own log: what an operator reads. It gets no content of calls. */
export interface Log {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

export interface WireDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly environment: Record<string, string | undefined>;
  /** AWS keys of the gateway itself; null: the SDK's default chain. */
  readonly gatewayKeys: UpstreamsDeps['gatewayKeys'];
  readonly files?: FilePort;
}
