/** What a person sees of the requests, and what their forms do. */
import type { Context } from 'hono';
import { parseJson, stringOf } from '../../../base/json.js';
import { isUlid } from '../../../base/ulid.js';
import type { Approval } from '../../../model/approval.js';
import type { Principal } from '../../../model/principal.js';
import { Problem, problemOf } from '../problem.js';
import { requestsPage, type Shown, type Tab } from './page.js';
import type { LoggedIn, WebDependencies } from './ports.js';

const MAX_REASON = 1_000;
/** Earlier requests for the same tool that are shown. */
const MAX_EARLIER = 5;

/** All requests that a person may see, oldest first. */
const createAll =
  ({ approvals }: WebDependencies) =>
  (principal: Principal): readonly Shown[] =>
    approvals.list().flatMap((approval) => {
      const standing = approvals.standing(approval.id, principal);
      return standing ? [{ approval, standing, waits: approvals.isWaiting(approval.id) }] : [];
    });

const TABS: Readonly<Record<Tab, (one: Shown) => boolean>> = {
  decide: ({ standing, waits }) => waits && standing === 'reviewer',
  mine: ({ standing }) => standing === 'own',
  recent: ({ standing, waits }) => !waits && standing === 'reviewer',
};

/** How many requests wait for this person. */
export const createToDecide = (dependencies: WebDependencies): ((principal: Principal) => number) => {
  const all = createAll(dependencies);
  return (principal) => all(principal).filter(TABS.decide).length;
};

/** Earlier requests for the same tool of the same server, oldest first. */
const earlierOf = (list: readonly Shown[], { approval }: Shown): readonly Approval[] => {
  const { server, tool } = approval.binding;
  return list.flatMap(({ approval: other }) =>
    other.id < approval.id && other.binding.server === server && other.binding.tool === tool ? [other] : [],
  );
};

const wasApproved = ({ state }: Approval): boolean => state === 'consumed' || state === 'granted';

const tabOf = ({ standing, waits }: Shown): Tab => (standing === 'own' ? 'mine' : waits ? 'decide' : 'recent');

const statusOf = (problem: Problem | undefined) => (problem === undefined ? 200 : problem.status === 403 ? 403 : 409);

export interface View {
  /** Null: the one of the request that is open. */
  readonly tab: Tab | null;
  /** The request to open; absent: the first that waits. */
  readonly id?: string;
  /** What went wrong with a decision. */
  readonly problem?: Problem;
}

/** The list to show, and the request to open: the one asked for, or the first that waits. */
const chosen = (list: readonly Shown[], { tab, id }: View): { readonly tab: Tab; readonly open: Shown | null } => {
  if (id === undefined) {
    const first = tab === 'decide' ? list.find(TABS.decide) : undefined;
    return { tab: tab ?? 'decide', open: first ?? null };
  }
  const open = list.find(({ approval }) => approval.id === id);
  if (!open) throw new Problem('NOT_FOUND');
  return { tab: tab ?? tabOf(open), open };
};

/** Shows the list and one request. @throws Problem NOT_FOUND where this person may not see it */
export const createRender = (dependencies: WebDependencies) => {
  const { approvals, clock, passkeys, ceremony } = dependencies;
  const all = createAll(dependencies);
  return async (c: Context, { principal, session }: LoggedIn, view: View) => {
    const list = all(principal);
    const { tab, open } = chosen(list, view);
    const ordered = list.filter(TABS[tab]);
    const earlier = open ? earlierOf(list, open) : [];
    const page = requestsPage({
      principal,
      csrf: session.csrf,
      tab,
      list: tab === 'decide' ? ordered : ordered.toReversed(),
      toDecide: list.filter(TABS.decide).length,
      open,
      previous: earlier.findLast(wasApproved) ?? null,
      earlier: earlier.filter(({ state }) => state !== 'pending').slice(-MAX_EARLIER),
      requireReason: open !== null && approvals.requiresReason(open.approval),
      passkey:
        open && approvals.takesPasskey(open.approval)
          ? await ceremony.sign(open.approval.leaf, passkeys.of(principal))
          : null,
      problem: view.problem?.message ?? null,
      now: clock.now(),
    });
    return c.html(page, statusOf(view.problem));
  };
};

export type Form = Readonly<Record<string, unknown>>;

/** What a script wrote into a form; null where it is no JSON. */
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Carries out one form. @throws Problem */
export const createAct = ({ approvals, mask, passkeys, ceremony }: WebDependencies) => {
  /** The signature in the form; null where it holds none. */
  const signatureOf = async (id: string, principal: Principal, form: Form) => {
    const text = form['passkey'];
    if (typeof text !== 'string' || text === '') return null;
    const { leaf = null } = approvals.get(id) ?? {};
    const own = passkeys.of(principal);
    const signed = leaf === null ? null : await ceremony.signed(jsonOf(text), leaf, own);
    if (!signed) throw new Problem('PASSKEY_INVALID');
    return signed;
  };

  const reasonOf = (form: Form): string | null => {
    const text = typeof form['reason'] === 'string' ? form['reason'].trim() : '';
    if (text.length > MAX_REASON)
      throw new Problem('BAD_REQUEST', `the reason is longer than ${MAX_REASON} characters`);
    return text === '' ? null : (stringOf(parseJson(mask(Buffer.from(JSON.stringify(text))).bytes)) ?? null);
  };
  return async (id: string, verb: string, principal: Principal, form: Form, address: string): Promise<void> => {
    const reason = reasonOf(form);
    if (!isUlid(id) || approvals.standing(id, principal) === null) throw new Problem('NOT_FOUND');
    if (verb !== 'approve' && verb !== 'deny' && verb !== 'revoke') throw new Problem('NOT_FOUND');
    const passkey = verb === 'approve' ? await signatureOf(id, principal, form) : null;
    const result =
      verb === 'revoke'
        ? await approvals.revoke(id, principal, reason, address, 'web')
        : await approvals.decide(id, principal, verb, reason, address, { channel: 'web', passkey });
    if (!result.ok) throw problemOf(result.reason);
  };
};
