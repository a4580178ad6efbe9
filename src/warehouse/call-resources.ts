/** What calls name of AWS: the instance to stop, the bucket to write to, by the arguments that the configuration names. */
import { valueAt } from '../base/json-pointer.js';
import type { ServerSettings } from '../model/settings.js';
import { isMasked, readObject } from './recorded-arguments.js';

export interface CallResource {
  readonly source: string;
  readonly name: string;
  /** As the argument has it, a number as its decimal digits. */
  readonly resource: string;
}

/** Longest name of a resource that is compared; an ARN has at most 2,048 characters. */
const LONGEST = 2_048;

/** @returns for the arguments of a call, as recorded, what it names for each event that its tool causes */
export const createCallResources = (
  servers: readonly ServerSettings[],
): ((server: string, tool: string, args: string) => readonly CallResource[]) => {
  const tools = new Map(
    servers.flatMap(({ id, aws }) =>
      Object.entries(aws?.tools ?? {}).map(([tool, events]) => [JSON.stringify([id, tool]), events] as const),
    ),
  );
  return (server, tool, args) => {
    const events = tools.get(JSON.stringify([server, tool])) ?? [];
    if (!events.some(({ resource }) => resource)) return [];
    const given = readObject(args);
    if (!given) return [];
    return events.flatMap(({ source, name, resource: where }) => {
      const value = where && valueAt(given, where.argument);
      if ((typeof value !== 'string' && typeof value !== 'number') || isMasked(value)) return [];
      const resource = String(value);
      return resource.length > LONGEST ? [] : [{ source, name, resource }];
    });
  };
};
