-- Failures by rule
-- How many failures count for each rule, how many of them are waived, and since when the oldest is open.
SELECT rule, severity, SUM(findings) AS failures,
       CASE WHEN rule IN (SELECT w.rule FROM v_waivers w WHERE w.revoked_at IS NULL) THEN (
           SELECT COUNT(*) FROM v_findings f
           WHERE f.rule = counted.rule AND f.severity = counted.severity AND f.status = 'fail' AND f.outside = 0
             AND f.waiver IS NOT NULL
       ) ELSE 0 END AS waived,
       (
           SELECT f.failing_since FROM v_findings f
           WHERE f.rule = counted.rule AND f.severity = counted.severity AND f.status = 'fail' AND f.outside = 0
             AND f.failing_since IS NOT NULL
           ORDER BY f.failing_since LIMIT 1
       ) AS oldest,
       title
FROM v_finding_counts counted
WHERE status = 'fail' AND outside = 0
GROUP BY rule, severity, title
ORDER BY failures DESC, rule, severity
