-- Newest critical failures
-- Critical failures that count, waived ones too, the newest first.
-- on sqlite
SELECT f.failing_since, f.rule, f.scope, COALESCE(f.resource_name, f.resource) AS resource, f.message, f.sla_due,
       f.waiver, f.fingerprint
FROM (
    SELECT DISTINCT rule, status FROM v_finding_counts
    WHERE status = 'fail' AND severity = 'critical' AND outside = 0
) failing
JOIN v_findings f ON f.rule = failing.rule AND f.status = failing.status
WHERE f.severity = 'critical' AND f.outside = 0
ORDER BY f.failing_since DESC, f.rule, f.scope, f.resource
-- on postgresql
SELECT f.failing_since, f.rule, f.scope, COALESCE(f.resource_name, f.resource) AS resource, f.message, f.sla_due,
       f.waiver, f.fingerprint
FROM (
    SELECT DISTINCT rule FROM v_finding_counts WHERE status = 'fail' AND severity = 'critical' AND outside = 0
) failing
CROSS JOIN LATERAL (
    SELECT * FROM v_findings v WHERE v.rule = failing.rule AND v.status = 'fail' OFFSET 0
) f
WHERE f.severity = 'critical' AND f.outside = 0
ORDER BY f.failing_since DESC, f.rule, f.scope, f.resource
