/** What the demo's identity provider remembers: in memory, gone when it stops. */

export interface Stored {
  consumed?: number;
  readonly grantId?: string;
  readonly uid?: string;
  readonly userCode?: string;
}

interface Entry {
  readonly payload: Stored;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Most things kept; the oldest go first. */
const CAPACITY = 20_000;

/** A factory of stores as oidc-provider asks for them (its `adapter`), all over one map. */
export const createIdpStore = () => {
  const entries = new Map<string, Entry>();
  const trim = (): void => {
    for (const key of entries.keys()) {
      if (entries.size <= CAPACITY) return;
      entries.delete(key);
    }
  };
  return (model: string) => {
    const keyOf = (id: string): string => `${model}:${id}`;
    const find = (id: string): Stored | undefined => {
      const entry = entries.get(keyOf(id));
      return entry && entry.expires > Date.now() ? entry.payload : undefined;
    };
    const findBy = (name: 'uid' | 'userCode', value: string): Stored | undefined => {
      for (const [key, { payload, expires }] of entries) {
        if (key.startsWith(keyOf('')) && payload[name] === value && expires > Date.now()) return payload;
      }
      return undefined;
    };
    return {
      upsert: async (id: string, payload: Stored, expiresIn: number | undefined) => {
        const expires = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000;
        entries.set(keyOf(id), { payload, expires });
        trim();
      },
      find: async (id: string) => find(id),
      findByUid: async (uid: string) => findBy('uid', uid),
      findByUserCode: async (code: string) => findBy('userCode', code),
      consume: async (id: string) => {
        const payload = find(id);
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id: string) => {
        entries.delete(keyOf(id));
      },
      revokeByGrantId: async (grantId: string) => {
        for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key);
      },
    };
  };
};
