-- Calls of people outside the usual hours, and all under a rule with hours. Local time is that of each span.
WITH local AS (
  SELECT c.call_id, c.rule, c.t, h.rule AS hours_rule,
    CASE WHEN h.from_min < h.to_min THEN
        h.day = lower(strftime(timezone(h.timezone, timezone('UTC', c.t)), '%a'))
          AND date_part('hour', timezone(h.timezone, timezone('UTC', c.t))) * 60
            + date_part('minute', timezone(h.timezone, timezone('UTC', c.t))) BETWEEN h.from_min AND h.to_min - 1
      ELSE
        (h.day = lower(strftime(timezone(h.timezone, timezone('UTC', c.t)), '%a'))
          AND date_part('hour', timezone(h.timezone, timezone('UTC', c.t))) * 60
            + date_part('minute', timezone(h.timezone, timezone('UTC', c.t))) >= h.from_min)
        OR (h.day = lower(strftime(timezone(h.timezone, timezone('UTC', c.t)) - INTERVAL 1 DAY, '%a'))
          AND date_part('hour', timezone(h.timezone, timezone('UTC', c.t))) * 60
            + date_part('minute', timezone(h.timezone, timezone('UTC', c.t))) < h.to_min)
    END AS within
  FROM gw_call AS c JOIN service_hours AS h ON h.rule IS NULL OR h.rule = c.rule
  WHERE c.forwarded AND c.principal_kind = 'human' AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
), judged AS (
  SELECT call_id, bool_or(within) FILTER (hours_rule IS NULL) AS usual,
    bool_or(within) FILTER (hours_rule IS NOT NULL) AS allowed
  FROM local GROUP BY call_id
)
SELECT c.call_id AS item, c.t AS time, coalesce(c.person, c.person_label) AS person,
  c.server || ' / ' || coalesce(c.target, c.method) AS what
FROM judged AS j JOIN gw_call AS c USING (call_id)
WHERE j.usual IS FALSE OR j.allowed IS NOT NULL
