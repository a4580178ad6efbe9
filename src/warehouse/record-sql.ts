/** Pieces of SQL that read the bodies of records. */

/** `x[n]` of one `json_extract_string` per record: one pass over the JSON, not one per field. */
export const extract = (type: string, paths: readonly string[], from: 'record' | 'peer_record' = 'record'): string =>
  `(SELECT ${from === 'record' ? '' : 'origin, '}seq, t, boot, d, json_extract_string(d, [${paths.map((path) => `'$.${path}'`).join(', ')}]) AS x
    FROM ${from} WHERE type = '${type}')`;

/** A list of texts in a record's body; empty where it is absent. */
export const list = (path: string): string => `coalesce(from_json(d->'$.${path}', '["VARCHAR"]'), [])`;

/** RFC 3339 text to naive UTC. */
export const time = (text: string): string => `CAST(${text} AS TIMESTAMP)`;
