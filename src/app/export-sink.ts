/** Where exports go, opened from their settings. */
import { hostname } from 'node:os';
import { openS3Client } from '../base/aws-client.js';
import { systemClock } from '../base/clock.js';
import { createFileSink } from '../export/sinks/file.js';
import { createOtlpSink } from '../export/sinks/otlp.js';
import { createS3Sink } from '../export/sinks/s3.js';
import type { Sink } from '../export/sinks/sink.js';
import { createSplunkSink } from '../export/sinks/splunk.js';
import { createSyslogSink } from '../export/sinks/syslog.js';
import type { ExportSettings, Settings } from '../model/settings.js';
import { resolveSecret } from './config.js';
import { readText } from './read-text.js';

type Environment = Record<string, string | undefined>;

/** Where an export goes. */
export const sinkOf = async (
  { to, name }: ExportSettings,
  settings: Settings,
  environment: Environment,
): Promise<Sink> => {
  const { origin } = settings.ledger;
  const secret = (source: Parameters<typeof resolveSecret>[0]) => resolveSecret(source, environment);
  switch (to.kind) {
    case 'file':
      return createFileSink(to.path);
    case 'splunk':
      return createSplunkSink({ ...to, token: (await secret(to.token)).trim(), source: origin, fetch });
    case 'syslog': {
      const ca = to.ca === null ? undefined : await readText(to.ca);
      const clock = systemClock();
      return createSyslogSink({ ...to, ca, hostname: hostname() }, () => clock.monotonic());
    }
    case 'otlp': {
      const headers: Record<string, string> = {};
      for (const [header, source] of Object.entries(to.headers)) headers[header] = (await secret(source)).trim();
      return createOtlpSink({ url: to.url, headers, origin, fetch });
    }
    case 's3': {
      const ask = { ...to, externalId: null, session: 'countersign-export' };
      return createS3Sink({ ...to, origin, client: await openS3Client(ask, environment) });
    }
    default:
      throw new Error(`export ${name} goes to no known place`);
  }
};
