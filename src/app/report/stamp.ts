/** SQL: when an object of a trail was delivered, from the minute in its name; NULL where the name holds none. */
export const STAMP = `try_strptime(regexp_extract(key, '_(\\d{8}T\\d{4})', 1), '%Y%m%dT%H%M')`;
