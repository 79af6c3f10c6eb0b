-- What got worse in the last 7 days
-- Findings that passed, did not apply, or were not there, and fail since or cannot be known any more. Newest first.
-- :since = -7d
SELECT valid_from AS since, severity, rule, scope, resource, COALESCE(before_status, 'not there') AS was, status,
       message, fingerprint
FROM (
    SELECT h.*,
           LAG(h.status) OVER (
               PARTITION BY h.fingerprint ORDER BY h.opened_by_evaluation, h.valid_from, h.valid_to
           ) AS before_status
    FROM v_finding_history h
    WHERE h.valid_from >= :since OR h.valid_to >= :since
) steps
WHERE valid_from >= :since
  AND valid_to IS NULL
  AND outside = 0
  AND (
      (status = 'fail' AND COALESCE(before_status, 'pass') <> 'fail')
      OR (status IN ('inconclusive', 'error', 'stale') AND COALESCE(before_status, 'pass') IN ('pass', 'not_applicable'))
  )
ORDER BY valid_from DESC, rule, scope, resource
