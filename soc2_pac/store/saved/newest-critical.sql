-- Newest critical failures
-- Critical failures that count, waived ones too, the newest first.
SELECT f.failing_since, f.rule, f.scope, COALESCE(f.resource_name, f.resource) AS resource, f.message, f.sla_due,
       f.waiver, f.fingerprint
FROM (
    SELECT DISTINCT rule, status FROM v_finding_counts
    WHERE status = 'fail' AND severity = 'critical' AND outside = 0
) failing
JOIN v_findings f ON f.rule = failing.rule AND f.status = failing.status
WHERE f.severity = 'critical' AND f.outside = 0
ORDER BY f.failing_since DESC, f.rule, f.scope, f.resource
