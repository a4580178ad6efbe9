-- Every try of the period that could see something. What a process alone holds has no address to try.
SELECT server || '#' || seq AS item, t AS time, tried_from AS person, 'server ' || server AS what
FROM probe
WHERE outcome <> 'unseen' AND t >= $from::TIMESTAMP AND t < $to::TIMESTAMP
