-- Runs, newest first
-- Every invocation that wrote, with how many of its collections were complete. Its number is what --since takes.
SELECT id, started_at, finished_at, status, command, collections, complete, requests, tool_version
FROM v_runs
ORDER BY id DESC
