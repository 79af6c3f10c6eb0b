-- Oldest keys
-- Active access keys of AWS users, keys of service accounts and API keys of Google Cloud, API tokens of Okta, deploy
-- keys, tokens and SSH keys of GitHub, and secrets of Entra applications: the oldest first. A key without a date comes
-- before all others.
-- on sqlite
SELECT * FROM (
    SELECT body ->> '$.access_key_1_last_rotated' AS made, kind, scope, resource_name AS holder, 'access key 1' AS credential
    FROM v_evidence
    WHERE kind = 'aws.iam.credential' AND valid_to IS NULL AND body ->> '$.access_key_1_active' = 'true'
    UNION ALL
    SELECT body ->> '$.access_key_2_last_rotated', kind, scope, resource_name, 'access key 2'
    FROM v_evidence
    WHERE kind = 'aws.iam.credential' AND valid_to IS NULL AND body ->> '$.access_key_2_active' = 'true'
    UNION ALL
    SELECT body ->> '$.resource.data.validAfterTime', kind, scope, resource_name, body ->> '$.resource.data.name'
    FROM v_evidence
    WHERE kind = 'gcp.iam.service_account_key' AND valid_to IS NULL
      AND COALESCE(body ->> '$.resource.data.keyType', '') <> 'SYSTEM_MANAGED'
    UNION ALL
    SELECT body ->> '$.resource.data.createTime', kind, scope, resource_name, body ->> '$.resource.data.name'
    FROM v_evidence
    WHERE kind = 'gcp.apikeys.key' AND valid_to IS NULL
    UNION ALL
    SELECT body ->> '$.created', kind, scope, resource_name, 'API token'
    FROM v_evidence
    WHERE kind = 'okta.api_token' AND valid_to IS NULL
    UNION ALL
    SELECT body ->> '$.access_granted_at', kind, scope, body ->> '$.owner.login', body ->> '$.token_name'
    FROM v_evidence
    WHERE kind = 'github.personal_access_token' AND valid_to IS NULL
    UNION ALL
    SELECT body ->> '$.credential_authorized_at', kind, scope, body ->> '$.login', body ->> '$.credential_type'
    FROM v_evidence
    WHERE kind = 'github.credential_authorization' AND valid_to IS NULL
    UNION ALL
    SELECT k.value ->> '$.created_at', e.kind, e.scope, e.resource_name, k.value ->> '$.title'
    FROM v_evidence e, json_each(e.body, '$.keys') k
    WHERE e.kind = 'github.deploy_key_list' AND e.valid_to IS NULL
    UNION ALL
    SELECT s.value ->> '$.startDateTime', e.kind, e.scope, e.resource_name,
           COALESCE(s.value ->> '$.displayName', 'secret')
    FROM v_evidence e, json_each(e.body, '$.passwordCredentials') s
    WHERE e.kind = 'azure.entra.application' AND e.valid_to IS NULL
) keys
ORDER BY COALESCE(made, ''), kind, scope, holder, credential
-- on postgresql
SELECT * FROM (
    SELECT body::jsonb ->> 'access_key_1_last_rotated' AS made, kind, scope, resource_name AS holder,
           'access key 1' AS credential
    FROM v_evidence
    WHERE kind = 'aws.iam.credential' AND valid_to IS NULL AND body::jsonb ->> 'access_key_1_active' = 'true'
    UNION ALL
    SELECT body::jsonb ->> 'access_key_2_last_rotated', kind, scope, resource_name, 'access key 2'
    FROM v_evidence
    WHERE kind = 'aws.iam.credential' AND valid_to IS NULL AND body::jsonb ->> 'access_key_2_active' = 'true'
    UNION ALL
    SELECT body::jsonb #>> '{resource,data,validAfterTime}', kind, scope, resource_name,
           body::jsonb #>> '{resource,data,name}'
    FROM v_evidence
    WHERE kind = 'gcp.iam.service_account_key' AND valid_to IS NULL
      AND COALESCE(body::jsonb #>> '{resource,data,keyType}', '') <> 'SYSTEM_MANAGED'
    UNION ALL
    SELECT body::jsonb #>> '{resource,data,createTime}', kind, scope, resource_name, body::jsonb #>> '{resource,data,name}'
    FROM v_evidence
    WHERE kind = 'gcp.apikeys.key' AND valid_to IS NULL
    UNION ALL
    SELECT body::jsonb ->> 'created', kind, scope, resource_name, 'API token'
    FROM v_evidence
    WHERE kind = 'okta.api_token' AND valid_to IS NULL
    UNION ALL
    SELECT body::jsonb ->> 'access_granted_at', kind, scope, body::jsonb #>> '{owner,login}', body::jsonb ->> 'token_name'
    FROM v_evidence
    WHERE kind = 'github.personal_access_token' AND valid_to IS NULL
    UNION ALL
    SELECT body::jsonb ->> 'credential_authorized_at', kind, scope, body::jsonb ->> 'login',
           body::jsonb ->> 'credential_type'
    FROM v_evidence
    WHERE kind = 'github.credential_authorization' AND valid_to IS NULL
    UNION ALL
    SELECT k.value ->> 'created_at', e.kind, e.scope, e.resource_name, k.value ->> 'title'
    FROM v_evidence e, jsonb_path_query(e.body::jsonb, '$.keys[*]') AS k(value)
    WHERE e.kind = 'github.deploy_key_list' AND e.valid_to IS NULL
    UNION ALL
    SELECT s.value ->> 'startDateTime', e.kind, e.scope, e.resource_name,
           COALESCE(s.value ->> 'displayName', 'secret')
    FROM v_evidence e, jsonb_path_query(e.body::jsonb, '$.passwordCredentials[*]') AS s(value)
    WHERE e.kind = 'azure.entra.application' AND e.valid_to IS NULL
) keys
ORDER BY COALESCE(made, ''), kind, scope, holder, credential
