/** The section `pins`, and the file of pins that it names. */
import { z } from 'zod';
import { line, name } from './fields.js';
import { serverId } from './server-schema.js';

const mode = z.union([z.enum(['alert', 'block']), z.strictObject({ approval: name })], {
  error: 'must be alert, block or { approval: NAME }',
});

/** Beside the configuration: evidence packages take both. */
const fileName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
    'must be the name of a file in the folder of this one, such as tool-pins.yaml',
  );

export const pins = z.strictObject({
  file: fileName.default('tool-pins.yaml'),
  changed: mode.default('alert'),
  servers: z.record(serverId, mode).default({}),
});

/** SHA-256 of a definition, hex. */
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits; countersign tools pin writes them');

export const pinsFile = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }),
  tools: z.record(serverId, z.record(line(256), digest)).default({}),
});
