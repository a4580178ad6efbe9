import { afterAll, beforeAll, describe, it } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { startGateway } from '../../src/app/proxy.js';
import { DEFECTS, type DefectWorld, startDefectWorld } from './defects.js';

let world: DefectWorld;
beforeAll(async () => {
  world = await startDefectWorld({ startGateway, loadSettings });
});
afterAll(() => world?.close());

describe('defects of others that do not hold here, through HTTP', () => {
  it.each(DEFECTS)('$number: $what', ({ check }) => check(world));
});
