/** Work done a few at a time. */

/**
 * Calls `work` for every item, at most `limit` at once, and resolves when all are done.
 * The first rejection stops the taking of further items and is passed on after those under way.
 */
export const eachOf = async <T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const under = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    if (failures.length > 0) break;
    const job: Promise<void> = work(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => under.delete(job));
    under.add(job);
    if (under.size >= limit) await Promise.race(under);
  }
  await Promise.all(under);
  if (failures.length > 0) throw failures[0];
};
