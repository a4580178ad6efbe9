/** Who takes part in the demo. */
import type { PlanAgent, PlanPerson } from './plan-model.js';
import type { Random } from './random.js';
import type { DemoGroup } from './world.js';

/** Four people with one part each, and an agent. */
export interface Cast {
  readonly people: readonly PlanPerson[];
  readonly agent: PlanAgent;
  /** Asks for most calls. */
  readonly engineer: PlanPerson;
  /** Engineer and lead: may review, but not what they ask for themselves. */
  readonly leadEngineer: PlanPerson;
  /** The reviewer. */
  readonly lead: PlanPerson;
  readonly support: PlanPerson;
}

const GIVEN =
  'Amara Bruno Chiara Dmitri Elif Farid Greta Hana Ines Jonas Kofi Leila Mateo Nadia Oskar Priya Rosa Samuel Tomoko Yusuf';
const FAMILY =
  'Abara Bergström Castillo Dvořák Eriksen Fontaine Gupta Haddad Ivanova Jansen Kimura Lindqvist Moreau Nguyen Okafor Petrov Rossi Schäfer Tanaka Weber';
const AGENTS = ['agent-triage', 'agent-release', 'agent-runbook', 'agent-costs'];

/** Letters without marks: part of an address. */
const ascii = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const person = (given: string, family: string, groups: readonly DemoGroup[]): PlanPerson => ({
  id: ascii(given),
  name: `${given} ${family}`,
  email: `${ascii(given)}.${ascii(family)}@demo.invalid`,
  groups,
});

export const planPeople = (random: Random): Cast => {
  const [g1 = '', g2 = '', g3 = '', g4 = ''] = random.shuffle(GIVEN.split(' '));
  const [f1 = '', f2 = '', f3 = '', f4 = ''] = random.shuffle(FAMILY.split(' '));
  const engineer = person(g1, f1, ['engineering']);
  const leadEngineer = person(g2, f2, ['engineering', 'platform-leads']);
  const lead = person(g3, f3, ['platform-leads']);
  const support = person(g4, f4, ['support']);
  const owner = random.pick([engineer, leadEngineer]).id;
  return {
    people: [engineer, leadEngineer, lead, support],
    agent: { id: random.pick(AGENTS), groups: ['agents'], owner },
    engineer,
    leadEngineer,
    lead,
    support,
  };
};
