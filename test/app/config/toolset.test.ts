import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TOOLSETS } from '../../../src/app/config/server-schema.js';
import { readToolset } from '../../../src/app/config/toolset.js';
import { checkConfiguration } from '../../../src/app/config.js';
import { ROOT } from '../../layers.js';
import { GOOD } from './example.js';

describe('toolsets', () => {
  it('are the files that ship, and each holds tools with events', () => {
    const files = readdirSync(join(ROOT, 'templates/aws/tools')).map((name) => name.replace(/\.yaml$/, ''));
    expect(files.sort()).toEqual([...TOOLSETS].sort());
    for (const name of TOOLSETS) {
      const tools = Object.values(readToolset(name));
      expect(tools.length, name).toBeGreaterThanOrEqual(5);
      for (const events of tools) expect(events.length, name).toBeGreaterThan(0);
    }
  });

  it('name one parameter per operation at most: an event is compared by one', () => {
    for (const name of TOOLSETS) {
      const parameters = new Map<string, Set<string>>();
      for (const { event, resource } of Object.values(readToolset(name)).flat()) {
        if (resource) parameters.set(event, (parameters.get(event) ?? new Set()).add(resource.parameter));
      }
      for (const [event, found] of parameters) expect([...found], event).toHaveLength(1);
    }
  });

  it('of tools that change something say that the change must show', () => {
    const tools = readToolset('awslabs.iam-mcp-server');
    for (const [tool, events] of Object.entries(tools)) {
      const changes = !/^(list|get|simulate)_/.test(tool);
      expect(
        events.some(({ write }) => write),
        tool,
      ).toBe(changes);
    }
  });

  const withToolset = (name: string) =>
    checkConfiguration(GOOD.replace('      region:', `      toolset: ${name}\n      region:`), 'countersign.yaml');

  it('give a server its tools, and what stands under tools replaces one or adds one', () => {
    const checked = withToolset('awslabs.iam-mcp-server');
    const tools = (checked.ok && checked.settings.servers.find(({ id }) => id === 'billing')?.aws?.tools) || {};
    expect(tools['create_user']).toEqual([
      {
        source: 'iam.amazonaws.com',
        name: 'CreateUser',
        write: true,
        async: 0,
        resource: { argument: '/user_name', parameter: '/userName' },
      },
    ]);
    expect(tools['stop']).toMatchObject([{ name: 'StopInstances' }]);
  });

  it('that nobody wrote are refused, with the ones there are', () => {
    const checked = withToolset('awslabs.unknown');
    expect(checked.ok).toBe(false);
    expect(JSON.stringify(checked)).toContain('awslabs.iam-mcp-server');
  });
});
