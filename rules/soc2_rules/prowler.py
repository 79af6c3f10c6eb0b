"""What Prowler checks and no rule here asks, and why: the docs have a page of it for everyone who comes from there.

A check that a rule answers stands in the rule's ``known_as``. Every other check of Prowler for the same providers
stands here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

SEEN = "2026-08-21"
"""The day of the state of Prowler whose checks these are."""


class Why(StrEnum):
    """Why there is no rule."""

    OMITTED = "omitted"
    OUTSIDE = "no matter of CC6 to CC8, A1 or C1"
    OPEN = "no rule yet"


class Unasked(NamedTuple):
    """Checks of one provider that no rule answers, for one reason."""

    why: Why
    provider: str
    checks: tuple[str, ...]
    reason: str = ""
    """Why, in a sentence; nothing where there is no rule yet."""


UNASKED: tuple[Unasked, ...] = (
    Unasked(
        Why.OMITTED,
        "aws",
        ("backup_reportplans_exist",),
        "AWS Backup writes a report of what its API says: recovery points and restore jobs are read "
        "themselves (aws-recovery-points, aws-restore-tested)",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "waf_global_rule_with_conditions",
            "waf_global_rulegroup_not_empty",
            "waf_global_webacl_logging_enabled",
            "waf_global_webacl_with_rules",
            "waf_regional_rule_with_conditions",
            "waf_regional_rulegroup_not_empty",
            "waf_regional_webacl_logging_enabled",
            "waf_regional_webacl_with_rules",
        ),
        "AWS WAF Classic ended on 2025-09-30: no web ACL of it is left, and its calls no longer answer; "
        "those of WAF are judged by aws-waf-logging and aws-waf-global-logging",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("account_security_questions_are_registered_in_the_aws_account",),
        "AWS asks no security questions any more, and its API never showed them",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "cloudtrail_bucket_requires_mfa_delete",
            "s3_bucket_no_mfa_delete",
        ),
        "MFA delete asks for the root user's device, and only the root user can switch it on; aws-trail-"
        "bucket-protected asks for versions, which keep what is deleted",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("elbv2_nlb_tls_termination_enabled",),
        "a load balancer of the network may leave TLS to what stands behind it: where it ends TLS "
        "itself, aws-lb-tls-policy judges it",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("rds_cluster_backtrack_enabled",),
        "a way back in time within one cluster; restoring to a point in time, which every backup of a "
        "cluster has, does the same",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "codebuild_project_older_90_days",
            "ec2_instance_older_than_specific_days",
            "ec2_securitygroup_from_launch_wizard",
            "ec2_securitygroup_with_many_ingress_egress_rules",
            "kms_cmk_are_used",
            "kms_cmk_not_multi_region",
        ),
        "age, number and name of a resource are no faults: what it runs, opens and lacks is judged",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("acm_certificates_transparency_logs_enabled",),
        "certificates of AWS are in the logs of certificate transparency unless somebody takes them out, "
        "and a name that stays out is no weaker",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("cloudtrail_bedrock_logging_enabled",),
        "data events of Bedrock are a choice that depends on what models are used for; the prompts "
        "themselves are in its invocation logs. Objects of S3 are what aws-trail-data-events asks for",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("rds_instance_inside_vpc",),
        "every database is inside a VPC since EC2-Classic ended in 2022",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "apigateway_restapi_tracing_enabled",
            "ecs_cluster_container_insights_enabled",
            "elasticbeanstalk_environment_enhanced_health_reporting",
            "kafka_cluster_enhanced_monitoring_enabled",
            "rds_instance_enhanced_monitoring_enabled",
        ),
        "finer metrics, and traces, of how fast something is: alarms on what every service measures "
        "anyway are judged (aws-alarm-actions)",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("ec2_elastic_ip_shodan",),
        "it asks a third party (a search engine, a register, a public feed), and evidence is what the "
        "provider said",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("rds_instance_deprecated_engine_version",),
        "it holds engines against a list of versions that are deprecated; our rule asks for automatic "
        "minor updates",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "cloudtrail_insights_exist",
            "cloudtrail_threat_detection_enumeration",
            "cloudtrail_threat_detection_llm_jacking",
            "cloudtrail_threat_detection_privilege_escalation",
        ),
        "it hunts for an attack in events by a list of names; GuardDuty does that, and aws-guardduty-on "
        "and aws-guardduty-findings-sla judge whether it runs and whether somebody answers",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "autoscaling_group_elb_health_check_enabled",
            "eventbridge_global_endpoint_event_replication_enabled",
            "mq_broker_cluster_deployment_mode",
            "sagemaker_endpoint_config_prod_variant_instances",
        ),
        "it lets machines go on when a zone fails, and a company that does not commit to availability "
        "needs none of it; databases are judged",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "awslambda_function_no_secrets_in_code",
            "awslambda_layer_no_secrets_in_content",
            "cloudwatch_log_group_no_secrets_in_logs",
            "ecr_repository_image_no_secrets",
            "s3_bucket_object_public",
        ),
        "it needs the content itself (code, images, logs, objects), which a role that reads "
        "configuration may not fetch",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "awslambda_function_env_vars_not_encrypted_with_cmk",
            "bedrock_custom_model_encrypted_with_cmk",
            "bedrock_knowledge_base_encrypted_with_cmk",
            "bedrock_prompt_encrypted_with_cmk",
            "dynamodb_tables_kms_cmk_encryption_enabled",
            "kafka_cluster_encryption_at_rest_uses_cmk",
            "stepfunctions_statemachine_encrypted_with_cmk",
            "storagegateway_fileshare_encryption_enabled",
        ),
        "keys of the provider encrypt already; a key of the customer is a choice of the company, and the "
        "rules ask for it where who may decrypt must be known",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "iam_role_access_not_stale_to_bedrock",
            "iam_user_access_not_stale_to_bedrock",
            "iam_user_access_not_stale_to_sagemaker",
        ),
        "rights that a service has and did not use for one product are a part of the question whether a "
        "role is used at all (aws-role-unused)",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("cloudfront_distributions_field_level_encryption_enabled",),
        "single form fields are encrypted for what reads them behind the distribution: an addition to "
        "TLS that no criterion asks for",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "apigateway_restapi_public",
            "autoscaling_group_launch_configuration_no_public_ip",
            "ec2_instance_internet_facing_with_instance_profile",
            "ec2_securitygroup_allow_ingress_from_internet_to_any_port_from_ip",
            "elb_internet_facing",
            "elbv2_internet_facing",
        ),
        "that something faces the internet is no fault by itself: what is reached there, over which "
        "protocol and behind which wall, is judged (aws-alb-waf, aws-lb-tls-policy, aws-instance-"
        "reachable-port, the rules on security groups)",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("guardduty_eks_runtime_monitoring_enabled",),
        "the plan for EKS alone gave way to the one for all workloads, which aws-guardduty-plans asks "
        "for",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "datapipeline_pipeline_no_secrets_in_definition",
            "glacier_vaults_policy_public_access",
            "glue_development_endpoints_cloudwatch_logs_encryption_enabled",
            "glue_development_endpoints_job_bookmark_encryption_enabled",
            "glue_development_endpoints_s3_encryption_enabled",
        ),
        "the service no longer takes new customers, or its part has ended",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "kms_key_enclave_attestation_pcr_mismatch",
            "kms_key_enclave_attestation_unknown_image",
            "kms_key_enclave_debug_attestation_detected",
        ),
        "what an enclave really proved stands only in CloudTrail's events of Decrypt calls, too many to "
        "read at two requests a second; the measurements that the key's policy asks for are judged",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "bedrock_agent_guardrail_enabled",
            "bedrock_guardrail_contextual_grounding_filter_enabled",
            "bedrock_guardrail_prompt_attack_filter_enabled",
            "bedrock_guardrail_sensitive_information_filter_enabled",
            "bedrock_guardrails_configured",
        ),
        "what is asked of the answers of models (words, grounding, attacks by prompt) is the company's "
        "own policy for its products",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("account_maintain_current_contact_details",),
        "whether an address and a telephone number are those of today only the company knows; that "
        "somebody hears of security is aws-security-contact",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        (
            "dms_endpoint_neptune_iam_authorization_enabled",
            "neptune_cluster_iam_authentication_enabled",
            "rds_cluster_iam_authentication_enabled",
            "rds_instance_iam_authentication_enabled",
        ),
        "who may sign in to a database is said within the database, or by its network; a sign-in by IAM "
        "or Entra is one way of several",
    ),
    Unasked(
        Why.OMITTED,
        "aws",
        ("cloudfront_distributions_geo_restrictions_enabled",),
        "whom a company serves in which country is its own decision",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("defender_ensure_defender_for_dns_is_on",),
        "Defender for DNS is not sold any more: since August 2023 it is a part of Defender for Servers, "
        "whose plan azure-defender-servers-core asks for",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        (
            "aks_cluster_azure_monitor_enabled",
            "app_function_application_insights_enabled",
            "appinsights_ensure_is_configured",
        ),
        "finer metrics, and traces, of how fast something is; the logs of who did what are judged",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("apim_threat_detection_llm_jacking",),
        "it hunts for an attack in events by a list of names; GuardDuty does that, and aws-guardduty-on "
        "and aws-guardduty-findings-sla judge whether it runs and whether somebody answers",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("vm_scaleset_associated_with_load_balancer",),
        "it lets machines go on when a zone fails, and a company that does not commit to availability "
        "needs none of it; databases are judged",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        (
            "app_function_access_keys_configured",
            "app_function_latest_runtime_version",
        ),
        "keys and settings of a function app are given out only by calls that give the secrets "
        "themselves (listKeys, appsettings/list), which a role that reads may not make; who reaches it "
        "is judged",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("databricks_workspace_cmk_encryption_enabled",),
        "keys of the provider encrypt already; a key of the customer is a choice of the company, and the "
        "rules ask for it where who may decrypt must be known",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("defender_ensure_iot_hub_defender_is_on",),
        "only a company with IoT Hubs has anything to protect by it, and it is set hub by hub; azure-"
        "defender-integrations judges what holds for a subscription",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("iam_custom_role_has_permissions_to_administer_resource_locks",),
        "that locks are administered by a role of their own is how one company divides its work; who can "
        "take locks away shows in the assignments of Owner and User Access Administrator, which are "
        "judged",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("defender_auto_provisioning_log_analytics_agent_vms_on",),
        "the Log Analytics agent ended in August 2024, and with it the setting that installs it: "
        "machines are assessed without it, which azure-vm-endpoint-protection, azure-vm-patch and azure-"
        "vm-va judge",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("keyvault_key_rotation_enabled",),
        "the listing of keys leaves their rotation policy out, and each would take a call of its own; "
        "that keys end, so that they must be replaced, is what azure-kv-expiry asks for",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        (
            "defender_attack_path_notifications_properly_configured",
            "defender_ensure_defender_cspm_is_on",
            "sqlserver_va_emails_notifications_admins_enabled",
            "sqlserver_va_scan_reports_configured",
        ),
        "the protection plan of a cloud is a choice of the company; which plans are asked for stands in "
        "azure-defender-servers-core and its siblings",
    ),
    Unasked(
        Why.OMITTED,
        "azure",
        ("network_public_ip_shodan",),
        "what a search engine of a third party says is its knowledge, at its time; what Azure itself "
        "lets through to an address is judged by azure-public-ip-exposure",
    ),
    Unasked(
        Why.OMITTED,
        "gcp",
        ("cloudfunction_function_inside_vpc",),
        "a connector to a VPC is the way by which a function calls others; who calls the function is "
        "decided by its policy and its ingress, which gcp-serverless-not-public judges",
    ),
    Unasked(
        Why.OMITTED,
        "gcp",
        ("compute_snapshot_not_outdated",),
        "age, number and name of a resource are no faults: what it runs, opens and lacks is judged",
    ),
    Unasked(
        Why.OMITTED,
        "gcp",
        ("apikeys_key_exists",),
        "it fails every project that has a key; our rule asks whether the keys that there are have "
        "restrictions",
    ),
    Unasked(
        Why.OMITTED,
        "gcp",
        (
            "compute_instance_automatic_restart_enabled",
            "compute_instance_group_autohealing_enabled",
            "compute_instance_group_load_balancer_attached",
        ),
        "it lets machines go on when a zone fails, and a company that does not commit to availability "
        "needs none of it; databases are judged",
    ),
    Unasked(
        Why.OMITTED,
        "okta",
        ("authenticator_password_maximum_age_60d",),
        "NIST advises against passwords that expire: okta-password-history-age asks for it where "
        "max_age_days says 60",
    ),
    Unasked(
        Why.OMITTED,
        "okta",
        ("user_inactivity_automation_35d_enabled",),
        "Okta's API does not show its automations; okta-inactive-users judges what they leave behind, by "
        "default after 90 days",
    ),
    Unasked(
        Why.OMITTED,
        "okta",
        ("authenticator_password_lockout_threshold_3",),
        "okta-lockout admits Okta's own ten attempts unless max_attempts says 3, as a government's guide "
        "does",
    ),
    Unasked(
        Why.OMITTED,
        "okta",
        ("authenticator_password_minimum_length_15",),
        "okta-password-length expects 12 characters unless min_length says 15, as a government's guide "
        "does",
    ),
    Unasked(
        Why.OMITTED,
        "okta",
        ("signon_global_session_idle_timeout_15min",),
        "okta-session-idle admits Okta's own two hours unless max_minutes says 15, the limit of a "
        "government's guide",
    ),
    Unasked(
        Why.OMITTED,
        "okta",
        ("authenticator_okta_verify_fips_compliant",),
        "only some contracts ask for validated cryptography: okta-okta-verify-hardening does so by fips",
    ),
    Unasked(
        Why.OMITTED,
        "okta",
        ("authenticator_smart_card_active",),
        "smart cards are one of several ways that no false site can relay: okta-webauthn-available asks "
        "for them alone where accepted says cert",
    ),
    Unasked(
        Why.OMITTED,
        "okta",
        ("idp_smart_card_dod_approved_ca",),
        "which authorities a government approves is its list and changes with it; that smart cards are "
        "on is what okta-webauthn-available can ask, and who issues them stands in the identity "
        "providers",
    ),
    Unasked(
        Why.OUTSIDE,
        "aws",
        (
            "acmpca_certificate_authority_pqc_key_algorithm",
            "apigateway_domain_name_pqc_tls_enabled",
            "cloudfront_distributions_pqc_tls_enabled",
            "elbv2_listener_pqc_tls_enabled",
            "rolesanywhere_trust_anchor_pqc_pki",
            "transfer_server_pqc_ssh_kex_enabled",
        ),
        "algorithms that a quantum computer would not break are asked by no criterion yet; the TLS "
        "versions of listeners are judged",
    ),
    Unasked(
        Why.OUTSIDE,
        "aws",
        (
            "vpc_different_regions",
            "vpc_subnet_different_az",
            "workspaces_vpc_2private_1public_subnets_nat",
        ),
        "how far apart a network spreads says nothing of what runs in it; the databases and machines in "
        "it are judged",
    ),
    Unasked(
        Why.OUTSIDE,
        "aws",
        (
            "rds_cluster_default_admin",
            "rds_cluster_non_default_port",
            "rds_instance_default_admin",
            "rds_instance_non_default_port",
            "redshift_cluster_non_default_database_name",
            "redshift_cluster_non_default_username",
        ),
        "names and ports that are not the usual ones stop nobody who scans; who reaches the database, "
        "and with what rights, is judged",
    ),
    Unasked(
        Why.OUTSIDE,
        "aws",
        (
            "autoscaling_group_capacity_rebalance_enabled",
            "autoscaling_group_multiple_instance_types",
            "autoscaling_group_using_ec2_launch_template",
            "bedrock_prompt_management_exists",
            "cloudfront_distributions_default_root_object",
            "cloudfront_distributions_https_sni_enabled",
            "config_recorder_using_aws_service_role",
            "directoryservice_directory_snapshots_limit",
            "dynamodb_table_autoscaling_enabled",
            "ec2_instance_paravirtual_type",
            "ec2_instance_uses_single_eni",
            "ec2_networkacl_unused",
            "elb_connection_draining_enabled",
            "elb_cross_zone_load_balancing_enabled",
            "elbv2_cross_zone_load_balancing_enabled",
            "elbv2_listeners_underneath",
            "kinesis_stream_data_retention_period",
            "lightsail_static_ip_unused",
            "resourceexplorer2_indexes_found",
            "sagemaker_clarify_exists",
            "sagemaker_models_monitor_enabled",
            "sagemaker_models_registry_in_use",
            "trustedadvisor_premium_support_plan_subscribed",
        ),
        "performance, price, placement or tidiness: a fault costs time or money, and answers no "
        "criterion",
    ),
    Unasked(
        Why.OUTSIDE,
        "aws",
        ("organizations_opt_out_ai_services_policy",),
        "what AWS may learn from content to improve its models is a matter of privacy contracts",
    ),
    Unasked(
        Why.OUTSIDE,
        "aws",
        ("route53_domains_privacy_protection_enabled",),
        "what is shown of a domain's owner is a matter of privacy, and registries hide it anyway",
    ),
    Unasked(
        Why.OUTSIDE,
        "aws",
        (
            "bedrock_vpc_endpoints_configured",
            "dlm_ebs_snapshot_lifecycle_policy_exists",
            "drs_job_exist",
            "ec2_confidential_workload_host_not_running",
            "fms_policy_compliant",
            "organizations_tags_policies_enabled_and_attached",
            "shield_advanced_protection_in_associated_elastic_ips",
            "shield_advanced_protection_in_classic_load_balancers",
            "shield_advanced_protection_in_cloudfront_distributions",
            "shield_advanced_protection_in_global_accelerators",
            "shield_advanced_protection_in_internet_facing_load_balancers",
            "shield_advanced_protection_in_route53_hosted_zones",
            "trustedadvisor_errors_and_warnings",
            "vpc_endpoint_for_ec2_enabled",
            "wellarchitected_workload_no_high_or_medium_risks",
        ),
        "whether a product of AWS is bought or used at all is asked by no criterion",
    ),
    Unasked(
        Why.OUTSIDE,
        "azure",
        (
            "app_ensure_using_http20",
            "vm_desired_sku_size",
            "vm_scaleset_not_empty",
        ),
        "performance, price, placement or tidiness: a fault costs time or money, and answers no "
        "criterion",
    ),
    Unasked(
        Why.OUTSIDE,
        "gcp",
        (
            "compute_instance_on_host_maintenance_migrate",
            "compute_instance_preemptible_vm_disabled",
            "compute_instance_single_network_interface",
            "compute_instance_suspended_without_persistent_disks",
        ),
        "performance, price, placement or tidiness: a fault costs time or money, and answers no "
        "criterion",
    ),
    Unasked(
        Why.OPEN,
        "aws",
        (
            "amplify_app_no_secrets_in_environment",
            "apigateway_restapi_client_certificate_enabled",
            "apigateway_restapi_no_secrets_in_stage_variables",
            "apigateway_restapi_public_with_authorizer",
            "appstream_fleet_default_internet_access_disabled",
            "appstream_fleet_maximum_session_duration",
            "appstream_fleet_session_disconnect_timeout",
            "appstream_fleet_session_idle_disconnect_timeout",
            "appsync_field_level_logging_enabled",
            "appsync_graphql_api_no_api_key_authentication",
            "athena_workgroup_encryption",
            "athena_workgroup_enforce_configuration",
            "athena_workgroup_logging_enabled",
            "autoscaling_group_multiple_az",
            "awslambda_function_invoke_api_operations_cloudtrail_logging_enabled",
            "awslambda_function_url_cors_policy",
            "awslambda_function_using_cross_account_layers",
            "awslambda_function_vpc_multi_az",
            "batch_job_definition_no_secrets",
            "bedrock_agent_role_least_privilege",
            "bedrock_agent_role_not_shared_across_agents",
            "bedrock_api_key_no_administrative_privileges",
            "bedrock_api_key_no_long_term_credentials",
            "bedrock_model_invocation_logging_enabled",
            "bedrock_model_invocation_logs_encryption_enabled",
            "cloudformation_stack_cdktoolkit_bootstrap_version",
            "cloudfront_distributions_custom_ssl_certificate",
            "cloudfront_distributions_multiple_origin_failover_configured",
            "cloudfront_distributions_s3_origin_non_existent_bucket",
            "cloudwatch_cross_account_sharing_disabled",
            "cloudwatch_log_group_not_publicly_accessible",
            "codeartifact_packages_external_public_publishing_disabled",
            "codebuild_report_group_export_encrypted",
            "codecommit_repository_no_secrets",
            "codepipeline_project_repo_private",
            "cognito_identity_pool_guest_access_disabled",
            "cognito_user_pool_blocks_compromised_credentials_sign_in_attempts",
            "cognito_user_pool_blocks_potential_malicious_sign_in_attempts",
            "cognito_user_pool_client_prevent_user_existence_errors",
            "cognito_user_pool_client_token_revocation_enabled",
            "cognito_user_pool_deletion_protection_enabled",
            "cognito_user_pool_self_registration_disabled",
            "cognito_user_pool_temporary_password_expiration",
            "cognito_user_pool_waf_acl_attached",
            "datasync_task_logging_enabled",
            "directconnect_connection_redundancy",
            "directconnect_virtual_interface_redundancy",
            "directoryservice_directory_log_forwarding_enabled",
            "directoryservice_directory_monitor_notifications",
            "directoryservice_ldap_certificate_expiration",
            "directoryservice_radius_server_security_protocol",
            "directoryservice_supported_mfa_radius_enabled",
            "dms_endpoint_mongodb_authentication_enabled",
            "dms_instance_minor_version_upgrade_enabled",
            "dms_instance_multi_az_enabled",
            "dms_replication_task_source_logging_enabled",
            "dms_replication_task_target_logging_enabled",
            "dynamodb_accelerator_cluster_multi_az",
            "dynamodb_table_cross_account_access",
            "dynamodb_table_deletion_protection_enabled",
            "ec2_client_vpn_endpoint_connection_logging_enabled",
            "ec2_instance_stopped_older_than_specific_days",
            "ec2_instance_with_outdated_ami",
            "ecr_repositories_lifecycle_policy_enabled",
            "ecs_service_fargate_latest_platform_version",
            "ecs_service_no_assign_public_ip",
            "ecs_task_definitions_containers_readonly_access",
            "ecs_task_definitions_host_networking_mode_users",
            "ecs_task_definitions_logging_block_mode",
            "ecs_task_set_no_assign_public_ip",
            "efs_access_point_enforce_root_directory",
            "efs_access_point_enforce_user_identity",
            "efs_mount_target_not_publicly_accessible",
            "efs_multi_az_enabled",
            "efs_not_publicly_accessible",
            "eks_cluster_deletion_protection_enabled",
            "eks_cluster_network_policy_enabled",
            "eks_cluster_private_nodes_enabled",
            "elasticache_cluster_uses_public_subnet",
            "elasticache_redis_cluster_auto_minor_version_upgrades",
            "elasticache_redis_cluster_automatic_failover_enabled",
            "elasticache_redis_cluster_multi_az_enabled",
            "elasticbeanstalk_environment_cloudwatch_logging_enabled",
            "elasticbeanstalk_environment_managed_updates_enabled",
            "elb_desync_mitigation_mode",
            "elb_is_in_multiple_az",
            "elbv2_deletion_protection",
            "elbv2_desync_mitigation_mode",
            "elbv2_is_in_multiple_az",
            "eventbridge_bus_cross_account_access",
            "eventbridge_bus_exposed",
            "eventbridge_schema_registry_cross_account_access",
            "firehose_stream_encrypted_at_rest",
            "fsx_file_system_copy_tags_to_backups_enabled",
            "fsx_file_system_copy_tags_to_volumes_enabled",
            "fsx_windows_file_system_multi_az_enabled",
            "glue_catalog_connection_no_secrets",
            "glue_data_catalogs_connection_passwords_encryption_enabled",
            "glue_data_catalogs_metadata_encryption_enabled",
            "glue_data_catalogs_not_publicly_accessible",
            "glue_database_connections_ssl_enabled",
            "glue_etl_jobs_amazon_s3_encryption_enabled",
            "glue_etl_jobs_cloudwatch_logs_encryption_enabled",
            "glue_etl_jobs_job_bookmark_encryption_enabled",
            "glue_etl_jobs_logging_enabled",
            "glue_etl_jobs_no_secrets_in_arguments",
            "glue_ml_transform_encrypted_at_rest",
            "kafka_cluster_mutual_tls_authentication_enabled",
            "kafka_cluster_uses_latest_version",
            "kinesis_stream_encrypted_at_rest",
            "lightsail_database_public",
            "lightsail_instance_automated_snapshots",
            "lightsail_instance_public",
            "memorydb_cluster_auto_minor_version_upgrades",
            "mq_broker_active_deployment_mode",
            "mq_broker_auto_minor_version_upgrades",
            "mq_broker_logging_enabled",
            "mq_broker_not_publicly_accessible",
            "neptune_cluster_uses_public_subnet",
            "networkfirewall_deletion_protection",
            "networkfirewall_multi_az",
            "networkfirewall_policy_rule_group_associated",
            "opensearch_service_domains_access_control_enabled",
            "opensearch_service_domains_fault_tolerant_data_nodes",
            "opensearch_service_domains_fault_tolerant_master_nodes",
            "opensearch_service_domains_internal_user_database_enabled",
            "opensearch_service_domains_updated_to_the_latest_service_software_version",
            "opensearch_service_domains_use_cognito_authentication_for_kibana",
            "rds_cluster_critical_event_subscription",
            "rds_instance_certificate_expiration",
            "rds_instance_critical_event_subscription",
            "rds_instance_event_subscription_parameter_groups",
            "rds_instance_event_subscription_security_groups",
            "rds_instance_extended_support",
            "redshift_cluster_automatic_upgrades",
            "redshift_cluster_enhanced_vpc_routing",
            "redshift_cluster_multi_az_enabled",
            "rolesanywhere_profile_restricts_session_permissions",
            "route53_dangling_ip_subdomain_takeover",
            "route53_domains_transferlock_enabled",
            "s3_access_point_public_access_block",
            "s3_bucket_shadow_resource_vulnerability",
            "s3_multi_region_access_point_public_access_block",
            "sagemaker_domain_sso_configured",
            "sagemaker_models_network_isolation_enabled",
            "sagemaker_models_vpc_settings_configured",
            "sagemaker_notebook_instance_no_secrets",
            "sagemaker_notebook_instance_root_access_disabled",
            "sagemaker_notebook_instance_vpc_settings_configured",
            "sagemaker_training_jobs_intercontainer_encryption_enabled",
            "sagemaker_training_jobs_network_isolation_enabled",
            "sagemaker_training_jobs_volume_and_output_encryption_enabled",
            "sagemaker_training_jobs_vpc_settings_configured",
            "secretsmanager_has_restrictive_resource_policy",
            "servicecatalog_portfolio_shared_within_organization_only",
            "ses_identity_dkim_enabled",
            "ses_identity_not_publicly_accessible",
            "sns_subscription_not_using_http_endpoints",
            "stepfunctions_statemachine_logging_enabled",
            "stepfunctions_statemachine_no_secrets_in_definition",
            "storagegateway_gateway_fault_tolerant",
            "vpc_endpoint_connections_trust_boundaries",
            "vpc_endpoint_multi_az_enabled",
            "vpc_endpoint_services_allowed_principals_trust_boundaries",
            "vpc_vpn_connection_tunnels_up",
            "wafv2_webacl_rule_logging_enabled",
        ),
    ),
    Unasked(
        Why.OPEN,
        "azure",
        (
            "aisearch_service_not_publicly_accessible",
            "app_client_certificates_on",
            "app_ensure_java_version_is_latest",
            "app_ensure_php_version_is_latest",
            "app_ensure_python_version_is_latest",
            "app_function_ensure_http_is_redirected_to_https",
            "app_function_ftps_deployment_disabled",
            "app_function_identity_is_configured",
            "app_function_identity_without_admin_privileges",
            "app_function_vnet_integration_enabled",
            "cosmosdb_account_automatic_failover_enabled",
            "cosmosdb_account_public_network_access_disabled",
            "cosmosdb_account_use_private_endpoints",
            "databricks_workspace_no_public_ip_enabled",
            "databricks_workspace_public_network_access_disabled",
            "databricks_workspace_vnet_injection_enabled",
            "mysql_flexible_server_geo_redundant_backup_enabled",
            "mysql_flexible_server_high_availability_enabled",
            "postgresql_flexible_server_entra_id_authentication_enabled",
            "postgresql_flexible_server_high_availability_enabled",
            "storage_ensure_azure_services_are_trusted_to_access_is_enabled",
            "storage_geo_redundant_enabled",
            "storage_smb_channel_encryption_with_secure_algorithm",
            "storage_smb_protocol_version_is_latest",
        ),
    ),
    Unasked(
        Why.OPEN,
        "gcp",
        (
            "apikeys_api_restricted_with_gemini_api",
            "compute_instance_deletion_protection_enabled",
            "compute_instance_disk_auto_delete_disabled",
            "compute_instance_group_multiple_zones",
        ),
    ),
)
