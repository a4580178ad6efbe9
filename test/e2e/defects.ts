/**
 * Ten ways in which another gateway's approvals fail (of its published source), each as a check through the HTTP
 * interfaces of a running gateway: what clients call, and the approvals API with a person's own token.
 */
import { expect } from 'vitest';
import { type ApprovalWorld, REVIEWERS } from './approval-world.js';

export interface Defect {
  readonly number: number;
  readonly what: string;
  readonly check: (world: ApprovalWorld) => Promise<void>;
}

export const DEFECTS: readonly Defect[] = [
  {
    number: 1,
    what: 'administrators approve their own request',
    check: async ({ call, api, reached }) => {
      const { id } = await call('one_1', 'own');
      expect(await api('ada', `${id}/approve`, true)).toMatchObject({ status: 403, code: 'OWN_REQUEST' });
      await call('one_1', 'own');
      expect(reached.has('own')).toBe(false);
    },
  },
  {
    number: 2,
    what: 'one person in several groups fills all of them',
    check: async ({ call, api, reached }) => {
      const { id } = await call('both_1', 'both');
      expect(await api('bob', `${id}/approve`, true)).toMatchObject({ status: 200, approval: { state: 'pending' } });
      expect(await api('bob', `${id}/approve`, true)).toMatchObject({ status: 403, code: 'ALREADY_DECIDED' });
      await call('both_1', 'both');
      expect(reached.has('both')).toBe(false);
      expect(await api('cyd', `${id}/approve`, true)).toMatchObject({ approval: { state: 'granted' } });
      await call('both_1', 'both');
      expect(reached.has('both')).toBe(true);
    },
  },
  {
    number: 3,
    what: 'more approvals than needed leave it pending, and a minimum of 0 lets one through',
    check: async ({ call, api, load, reached }) => {
      const { id } = await call('both_3', 'overshoot');
      // Two leads approve where one lead and one of security are needed; then the third makes three of two.
      await api('r0', `${id}/approve`, true);
      await api('r1', `${id}/approve`, true);
      expect(await api('cyd', `${id}/approve`, true)).toMatchObject({ status: 200, approval: { state: 'granted' } });
      await call('both_3', 'overshoot');
      expect(reached.has('overshoot')).toBe(true);
      await expect(load(0)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    },
  },
  {
    number: 4,
    what: 'a window runs for its full length from each use',
    check: async ({ call, api, pass, reached }) => {
      const { id } = await call('window_4', 'first');
      await api('bob', `${id}/approve`, true);
      pass(50_000);
      await call('window_4', 'late use');
      expect(reached.has('late use')).toBe(true);
      pass(11_000);
      await call('window_4', 'too late');
      expect(reached.has('too late')).toBe(false);
    },
  },
  {
    number: 5,
    what: 'approving again resets the end and overwrites who decided',
    check: async ({ call, api, pass, records }) => {
      const { id } = await call('one_5', 'again');
      const first = await api('bob', `${id}/approve`, true);
      pass(5_000);
      expect(await api('cyd', `${id}/approve`, true)).toMatchObject({ status: 409, code: 'DECIDED' });
      const { approval } = await api('cyd', id);
      expect(approval).toMatchObject({ deadline: first.approval['deadline'], decisions: first.approval['decisions'] });
      expect(await records(id)).toEqual(['requested', 'approved', 'granted']);
    },
  },
  {
    number: 6,
    what: 'a revocation does not end what is under way',
    check: async ({ call, api, reached }) => {
      const { id } = await call('window_6', 'asked', 'slow');
      await api('bob', `${id}/approve`, true);
      const began = Date.now();
      const running = call('window_6', 'running', 'slow');
      await expect.poll(() => reached.has('running')).toBe(true);
      expect(await api('bob', `${id}/revoke`, true)).toMatchObject({ approval: { state: 'revoked' } });
      expect((await running).body).toContain('the approval of this call was revoked');
      expect(Date.now() - began).toBeLessThan(4_000);
    },
  },
  {
    number: 7,
    what: 'the end is checked on some paths only',
    check: async ({ call, api, pass, reached }) => {
      const unused = await call('one_7', 'unused grant');
      await api('bob', `${unused.id}/approve`, true);
      const late = await call('one_7', 'late decision');
      pass(31_000);
      expect(await api('bob', `${late.id}/approve`, true)).toMatchObject({ status: 409, code: 'EXPIRED' });
      await call('one_7', 'unused grant');
      await call('one_7', 'late decision');
      expect([...reached].filter((message) => message === 'unused grant' || message === 'late decision')).toEqual([]);
    },
  },
  {
    number: 8,
    what: 'a request that nobody decides stays open for ever',
    check: async ({ call, api, pass, records }) => {
      const { id } = await call('one_8', 'forgotten');
      pass(31_000);
      await expect.poll(async () => (await api('bob', id)).approval['state'], { timeout: 4_000 }).toBe('expired');
      expect(await records(id)).toEqual(['requested', 'expired']);
    },
  },
  {
    number: 9,
    what: 'decisions and uses that race overwrite each other',
    check: async ({ call, api, records }) => {
      const torn = await call('one_9', 'torn');
      const verdicts = await Promise.all(
        REVIEWERS.map((who, i) => api(who, `${torn.id}/${i % 2 === 0 ? 'approve' : 'deny'}`, true)),
      );
      expect(verdicts.filter(({ status }) => status === 200)).toHaveLength(1);
      expect((await records(torn.id)).filter((event) => event === 'approved' || event === 'denied')).toHaveLength(1);
      const { id } = await call('one_9', 'raced');
      await api('bob', `${id}/approve`, true);
      const answers = await Promise.all(Array.from({ length: 10 }, () => call('one_9', 'raced')));
      expect(answers.filter(({ body }) => body.includes('Echo: raced'))).toHaveLength(1);
    },
  },
  {
    number: 10,
    what: 'where no rule is found, access is given',
    check: async ({ call, reached }) => {
      const { body } = await call('unheard_of', 'no rule');
      expect(body).not.toContain('Echo');
      expect(reached.has('no rule')).toBe(false);
    },
  },
];
