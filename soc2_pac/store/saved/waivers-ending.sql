-- Waivers that end soon
-- Waivers in force that end within 30 days: their failures count again from then on.
-- :until = +30d
SELECT expires_at, waiver, rule, scope, resource, pattern, owner, approver, reason
FROM v_waivers
WHERE revoked_at IS NULL AND expires_at > :now AND expires_at <= :until
ORDER BY expires_at, waiver
