/** What the tools of published servers do in AWS, from the files that ship with the program. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { awsTools, type TOOLSETS } from './server-schema.js';

/** @returns per tool, the AWS events that a call causes */
export const readToolset = (name: (typeof TOOLSETS)[number]): z.infer<typeof awsTools> =>
  awsTools.parse(parse(readFileSync(new URL(`../../../templates/aws/tools/${name}.yaml`, import.meta.url), 'utf8')));
