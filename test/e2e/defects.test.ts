import { afterAll, beforeAll, describe, it } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { startGateway } from '../../src/app/proxy.js';
import { type ApprovalWorld, startApprovalWorld } from './approval-world.js';
import { DEFECTS } from './defects.js';

let world: ApprovalWorld;
beforeAll(async () => {
  world = await startApprovalWorld({ startGateway, loadSettings });
});
afterAll(() => world?.close());

describe('defects of others that do not hold here, through HTTP', () => {
  it.each(DEFECTS)('$number: $what', ({ check }) => check(world));
});
