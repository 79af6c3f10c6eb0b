-- What got worse in the last 7 days
-- Findings that passed, did not apply, or were not there, and fail since or cannot be known any more. Newest first.
-- :since = -7d
WITH steps AS MATERIALIZED (
    SELECT f.since, f.severity, f.rule, f.scope, f.resource, f.status, f.message, f.fingerprint,
           (
               SELECT h.status FROM v_finding_history h
               WHERE h.fingerprint = f.fingerprint AND h.valid_to >= :since
               ORDER BY h.opened_by_evaluation DESC, h.valid_from DESC LIMIT 1
           ) AS before_status
    FROM v_findings f
    WHERE f.status IN ('fail', 'inconclusive', 'error', 'stale') AND f.since >= :since AND f.outside = 0
)
SELECT since, severity, rule, scope, resource, COALESCE(before_status, 'not there') AS was, status, message, fingerprint
FROM steps
WHERE (status = 'fail' AND COALESCE(before_status, 'pass') <> 'fail')
   OR (status <> 'fail' AND COALESCE(before_status, 'pass') IN ('pass', 'not_applicable'))
ORDER BY since DESC, rule, scope, resource
