-- Newest critical failures
-- Critical failures that count, waived ones too, the newest first.
SELECT failing_since, rule, scope, COALESCE(resource_name, resource) AS resource, message, sla_due, waiver, fingerprint
FROM v_findings
WHERE status = 'fail' AND severity = 'critical' AND outside = 0
ORDER BY failing_since DESC, rule, scope, resource
