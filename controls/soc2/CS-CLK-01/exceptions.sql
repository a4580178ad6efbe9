-- No single distance of the clocks fits, or none within two seconds.
WITH pair AS (
  SELECT date_trunc('day', c.t) AS day, epoch_ms(m.event_time) - epoch_ms(c.end_ts) AS low,
    epoch_ms(m.event_time) + 1000 - epoch_ms(c.start_ts) AS high
  FROM event_match AS m JOIN gw_call AS c USING (call_id)
  WHERE m.basis = 'REQUEST_ID' AND c.t >= $from::TIMESTAMP AND c.t < $to::TIMESTAMP
    -- Events of asynchronous tools come when they come, and say nothing of clocks.
    AND NOT EXISTS (SELECT 1 FROM tool_aws_map AS a WHERE a.server = c.server AND a.tool = c.target AND a.async_s > 0)
), host_day AS (
  SELECT day, max(low) AS low, min(high) AS high, count(*) AS pairs FROM pair GROUP BY day
)
SELECT strftime(day, '%Y-%m-%d') AS item, greatest(day, $from::TIMESTAMP) AS time, 'gateway' AS person,
  pairs || CASE WHEN pairs = 1 THEN ' pair' ELSE ' pairs' END || ' of call and event' AS what,
  'One distance of at most 2 s' AS expected,
  CASE WHEN low > high THEN 'No single distance fits all calls of the day'
    WHEN low >= 120000 THEN 'AWS is at least ' || low // 60000 || ' minutes ahead'
    WHEN low > 2000 THEN 'AWS is at least ' || low || ' ms ahead'
    WHEN high <= -120000 THEN 'AWS is at least ' || -high // 60000 || ' minutes behind'
    ELSE 'AWS is at least ' || -high || ' ms behind' END AS found
FROM host_day WHERE low > high OR low > 2000 OR high < -2000
