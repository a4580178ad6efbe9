import type { ReportContent } from '../content.js';
import type { Section } from './blocks.js';
import { claimsSection } from './claims.js';
import { completenessSection } from './completeness.js';
import { controlSections } from './control.js';
import { coverageSection } from './coverage.js';
import { criteriaSection } from './criteria.js';
import { glance } from './glance.js';
import { integritySection } from './integrity.js';
import { scopeSection } from './scope.js';

/** What stands over the sections of the controls, which have numbers of their own below this. */
export const CONTROLS = { number: '5', title: 'Tests of control' } as const;

/** All sections after the cover, in order. */
export const outlineOf = (content: ReportContent): readonly Section[] => [
  glance(content),
  scopeSection(content),
  coverageSection(content),
  completenessSection(content),
  ...controlSections(content),
  integritySection(content),
  criteriaSection(content),
  claimsSection(content),
];
