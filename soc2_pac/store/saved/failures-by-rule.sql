-- Failures by rule
-- How many failures count for each rule, how many of them are waived, and since when the oldest is open.
SELECT rule, severity, COUNT(*) AS failures, COUNT(waiver) AS waived, MIN(failing_since) AS oldest, title
FROM v_findings
WHERE status = 'fail' AND outside = 0
GROUP BY rule, severity, title
ORDER BY failures DESC, rule, severity
