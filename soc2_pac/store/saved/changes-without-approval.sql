-- Changes without approval
-- Changes of the populations of CC8.1 (merged pull requests, commits, changes of protection) that a rule fails, newest
-- first: no approval, checks that were not green, past the pull request.
SELECT since, rule, scope, COALESCE(resource_name, resource) AS resource, severity, message, waiver, fingerprint
FROM v_findings
WHERE status = 'fail' AND criteria LIKE '%"CC8.1"%' AND kind IN (SELECT kind FROM v_populations)
ORDER BY since DESC, rule, scope, resource
