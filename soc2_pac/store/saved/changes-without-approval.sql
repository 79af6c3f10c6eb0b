-- Changes without approval
-- Changes of the populations of CC8.1 (merged pull requests, commits, changes of protection) that a rule fails, newest
-- first: no approval, checks that were not green, past the pull request.
SELECT f.since, f.rule, f.scope, COALESCE(f.resource_name, f.resource) AS resource, f.severity, f.message, f.waiver,
       f.fingerprint
FROM (
    SELECT DISTINCT rule, status FROM v_finding_counts
    WHERE status = 'fail' AND criteria LIKE '%"CC8.1"%' AND kind IN (SELECT kind FROM v_populations)
) failing
JOIN v_findings f ON f.rule = failing.rule AND f.status = failing.status
WHERE f.kind IN (SELECT kind FROM v_populations)
ORDER BY f.since DESC, f.rule, f.scope, f.resource
