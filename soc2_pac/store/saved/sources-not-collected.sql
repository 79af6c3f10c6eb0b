-- Sources not collected lately
-- Sources whose last complete collection of anything is more than two days old, or that have none.
-- :since = -2d
SELECT source, MAX(CASE WHEN status = 'complete' THEN finished_at END) AS last_complete, MAX(finished_at) AS last_tried,
       COUNT(DISTINCT scope) AS scopes
FROM v_collections
GROUP BY source
HAVING COALESCE(MAX(CASE WHEN status = 'complete' THEN finished_at END), '') < :since
ORDER BY last_complete, source
