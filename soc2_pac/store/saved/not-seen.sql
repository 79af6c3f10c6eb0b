-- What we could not see
-- The last collection of each kind in each scope, where it is not complete: why, and what to grant. soc2-pac gaps says
-- besides since when, and what is not known because of it.
SELECT status, kind, scope, source, finished_at AS tried_at, permission, reason
FROM v_collections
WHERE id IN (SELECT MAX(id) FROM v_collections GROUP BY scope, kind) AND status <> 'complete'
  AND reason NOT LIKE 'not offered here: %'
ORDER BY status, kind, scope
