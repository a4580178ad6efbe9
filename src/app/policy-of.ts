import type { Policy } from '../model/ports.js';
import type { Settings } from '../model/settings.js';
import { compilePolicy } from '../policy/compile.js';
import { withPins } from '../policy/pins.js';

/** The policy of a configuration: its rules, and the pins that narrow them. */
export const policyOf = ({ policy, servers, approvals, pins }: Settings): Policy =>
  withPins(
    compilePolicy(
      policy,
      servers.map(({ id }) => id),
      approvals,
    ),
    pins,
  );
