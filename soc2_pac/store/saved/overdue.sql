-- What is open past its due date
-- Failures that count and are not waived, the longest overdue first. One that nobody can see any more is still open.
SELECT sla_due, failing_since, severity, rule, scope, COALESCE(resource_name, resource) AS resource, status, message,
       fingerprint
FROM v_findings
WHERE sla_due <= :now AND waiver IS NULL AND outside = 0
ORDER BY sla_due, fingerprint
