-- What breaks its due date this week
-- Open failures that count, are not waived, and are due within seven days: those that are due first come first.
-- :until = +7d
SELECT sla_due, severity, rule, scope, COALESCE(resource_name, resource) AS resource, status, message, fingerprint
FROM v_findings
WHERE sla_due > :now AND sla_due <= :until AND waiver IS NULL AND outside = 0
ORDER BY sla_due, fingerprint
