"""Which predefined roles of Google hold the permissions that rules ask about, as published.

It proves findings and never a pass: a role that is not listed here, or held less when the list was made, is
read from Google (``gcp.iam.role``) before anything passes.

Source: Google, "IAM basic and predefined roles reference", by the public data set iann0036/iam-dataset of
2026-08-22 (2,461 roles).
"""

from __future__ import annotations

_HOLDERS = {
    "aiplatform.customJobs.create": """
        aiplatform.admin aiplatform.customCodeServiceAgent aiplatform.editor
        aiplatform.serviceAgent aiplatform.user editor iam.dataScientist iam.mlEngineer
        notebooks.serviceAgent owner visualinspection.serviceAgent
    """,
    "aiplatform.endpoints.deploy": """
        aiplatform.admin aiplatform.customCodeServiceAgent aiplatform.editor
        aiplatform.reasoningEngineServiceAgent aiplatform.serviceAgent
        aiplatform.tuningServiceAgent aiplatform.user editor iam.dataScientist iam.mlEngineer
        owner visualinspection.serviceAgent
    """,
    "aiplatform.notebookExecutionJobs.create": """
        aiplatform.admin aiplatform.colabEnterpriseAdmin aiplatform.colabEnterpriseUser
        aiplatform.colabServiceAgent aiplatform.customCodeServiceAgent aiplatform.editor
        aiplatform.notebookExecutorUser aiplatform.serviceAgent aiplatform.user editor
        iam.dataScientist iam.mlEngineer notebooks.admin notebooks.runner notebooks.serviceAgent
        owner visualinspection.serviceAgent
    """,
    "aiplatform.notebookRuntimes.assign": """
        aiplatform.admin aiplatform.colabEnterpriseAdmin aiplatform.colabEnterpriseUser
        aiplatform.customCodeServiceAgent aiplatform.editor aiplatform.notebookRuntimeAdmin
        aiplatform.notebookRuntimeUser aiplatform.serviceAgent aiplatform.user
        bigquery.studioAdmin bigquery.studioUser editor iam.dataScientist iam.mlEngineer owner
        visualinspection.serviceAgent
    """,
    "aiplatform.pipelineJobs.create": """
        aiplatform.admin aiplatform.colabEnterpriseAdmin aiplatform.colabEnterpriseUser
        aiplatform.customCodeServiceAgent aiplatform.editor aiplatform.notebookExecutorUser
        aiplatform.serviceAgent aiplatform.user editor iam.dataScientist iam.mlEngineer
        notebooks.admin notebooks.runner notebooks.serviceAgent owner
        visualinspection.serviceAgent
    """,
    "aiplatform.reasoningEngines.create": """
        aiplatform.admin aiplatform.customCodeServiceAgent aiplatform.editor
        aiplatform.expressAdmin aiplatform.expressUser aiplatform.serviceAgent aiplatform.user
        discoveryengine.serviceAgent editor iam.dataScientist iam.mlEngineer owner
        visualinspection.serviceAgent
    """,
    "appengine.versions.create": """
        appengine.admin appengine.appAdmin appengine.deployer appengine.editor
        clouddeploymentmanager.serviceAgent composer.serviceAgent editor owner
    """,
    "batch.jobs.create": """
        batch.admin batch.jobsAdmin batch.jobsEditor editor owner
    """,
    "cloudbuild.builds.create": """
        appengineflex.serviceAgent cloudbuild.admin cloudbuild.builds.builder
        cloudbuild.builds.editor cloudbuild.editor cloudbuild.serviceAgent
        cloudconfig.serviceAgent clouddeploy.serviceAgent clouddeploymentmanager.serviceAgent
        cloudfunctions.serviceAgent composer.worker configdelivery.serviceAgent dataflow.admin
        dataflow.developer datapipelines.serviceAgent dataprep.serviceAgent
        designcenter.serviceAgent editor firebaseapphosting.serviceAgent iam.devOps owner
        run.serviceAgent run.sourceDeveloper runapps.serviceAgent serverless.serviceAgent
    """,
    "clouddeploy.targets.create": """
        clouddeploy.admin clouddeploy.editor clouddeploy.operator editor owner
    """,
    "cloudfunctions.functions.create": """
        clouddeploymentmanager.serviceAgent cloudfunctions.admin cloudfunctions.developer
        cloudfunctions.editor editor firebase.admin firebase.developAdmin iam.dataScientist
        iam.devOps owner
    """,
    "cloudfunctions.functions.update": """
        clouddeploymentmanager.serviceAgent cloudfunctions.admin cloudfunctions.developer
        cloudfunctions.editor editor firebase.admin firebase.developAdmin iam.dataScientist
        iam.devOps owner
    """,
    "cloudkms.cryptoKeyVersions.destroy": """
        cloudkms.admin owner
    """,
    "cloudkms.cryptoKeyVersions.useToDecrypt": """
        cloudkms.cryptoKeyDecrypter cloudkms.cryptoKeyEncrypterDecrypter cloudkms.cryptoOperator
        cloudkmskacls.serviceAgent dlp.serviceAgent iam.dataScientist iam.devOps owner
    """,
    "cloudkms.cryptoKeyVersions.useToEncrypt": """
        cloudkms.cryptoKeyEncrypter cloudkms.cryptoKeyEncrypterDecrypter cloudkms.cryptoOperator
        cloudkmskacls.serviceAgent iam.dataScientist iam.devOps owner
    """,
    "cloudkms.cryptoKeys.setIamPolicy": """
        cloudkms.admin cloudkms.serviceAgent iam.securityAdmin owner
        securedlandingzone.bqdwProjectRemediator
    """,
    "cloudkms.keyRings.setIamPolicy": """
        cloudkms.admin iam.securityAdmin owner securedlandingzone.bqdwProjectRemediator
    """,
    "cloudscheduler.jobs.create": """
        clouddeploymentmanager.serviceAgent cloudscheduler.admin datapipelines.serviceAgent editor
        integrations.serviceAgent kuberun.eventsControlPlaneServiceAgent owner
    """,
    "cloudscheduler.jobs.update": """
        clouddeploymentmanager.serviceAgent cloudscheduler.admin datapipelines.serviceAgent editor
        integrations.serviceAgent owner
    """,
    "cloudtasks.tasks.create": """
        cloudtasks.admin cloudtasks.editor cloudtasks.enqueuer editor firebasemods.serviceAgent
        owner
    """,
    "composer.environments.create": """
        composer.admin composer.editor composer.environmentAndStorageObjectAdmin editor owner
    """,
    "composer.environments.update": """
        composer.admin composer.editor composer.environmentAndStorageObjectAdmin editor owner
    """,
    "compute.instanceGroupManagers.create": """
        appengineflex.serviceAgent batch.serviceAgent clouddeploymentmanager.serviceAgent
        cloudtpu.serviceAgent composer.serviceAgent compute.admin compute.editor
        compute.instanceAdmin compute.instanceAdmin.v1 container.serviceAgent
        dataflow.serviceAgent dataproc.serviceAgent editor genomics.serviceAgent
        hypercomputecluster.serviceAgent iam.infrastructureAdmin iam.networkAdmin
        iam.siteReliabilityEngineer lifesciences.serviceAgent metastore.migrationAdmin
        notebooks.legacyAdmin notebooks.serviceAgent owner vpcaccess.serviceAgent
    """,
    "compute.instanceGroupManagers.update": """
        aiplatform.serviceAgent appengineflex.serviceAgent batch.serviceAgent
        clouddeploymentmanager.serviceAgent cloudtpu.serviceAgent composer.serviceAgent
        compute.admin compute.editor compute.instanceAdmin compute.instanceAdmin.v1
        compute.networkAdmin container.serviceAgent dataflow.serviceAgent dataflow.worker
        dataproc.serviceAgent editor genomics.serviceAgent hypercomputecluster.serviceAgent
        iam.infrastructureAdmin iam.networkAdmin iam.siteReliabilityEngineer
        lifesciences.serviceAgent notebooks.legacyAdmin notebooks.serviceAgent owner
        vpcaccess.serviceAgent
    """,
    "compute.instanceTemplates.create": """
        appengineflex.serviceAgent batch.serviceAgent clouddeploymentmanager.serviceAgent
        cloudtpu.serviceAgent composer.serviceAgent compute.admin compute.editor
        compute.instanceAdmin compute.instanceAdmin.v1 container.serviceAgent
        dataflow.serviceAgent dataproc.serviceAgent editor genomics.serviceAgent
        hypercomputecluster.serviceAgent iam.infrastructureAdmin iam.networkAdmin
        iam.siteReliabilityEngineer lifesciences.serviceAgent metastore.migrationAdmin
        notebooks.legacyAdmin notebooks.serviceAgent owner vpcaccess.serviceAgent
    """,
    "compute.instances.create": """
        aiplatform.colabServiceAgent aiplatform.serviceAgent appengineflex.serviceAgent
        backupdr.computeEngineOperator backupdr.serviceAgent batch.serviceAgent
        clouddeploymentmanager.serviceAgent cloudmigration.inframanager cloudtpu.serviceAgent
        composer.serviceAgent compute.admin compute.editor compute.instanceAdmin
        compute.instanceAdmin.v1 compute.instanceGroupManagerServiceAgent compute.serviceAgent
        container.serviceAgent dataflow.serviceAgent dataproc.serviceAgent editor
        genomics.serviceAgent hypercomputecluster.serviceAgent iam.infrastructureAdmin
        iam.networkAdmin iam.siteReliabilityEngineer lifesciences.serviceAgent
        metastore.migrationAdmin notebooks.legacyAdmin notebooks.serviceAgent owner
        spanner.serviceAgent vmmigration.serviceAgent vpcaccess.serviceAgent
        workstations.serviceAgent
    """,
    "compute.instances.osAdminLogin": """
        batch.serviceAgent cloudtpu.serviceAgent composer.serviceAgent compute.admin
        compute.editor compute.instanceAdmin compute.instanceAdmin.v1
        compute.instanceGroupManagerServiceAgent compute.osAdminLogin container.serviceAgent
        dataflow.serviceAgent dataproc.serviceAgent editor genomics.serviceAgent iam.devOps
        iam.infrastructureAdmin iam.networkAdmin iam.siteReliabilityEngineer
        lifesciences.serviceAgent notebooks.legacyAdmin notebooks.serviceAgent owner
    """,
    "compute.instances.osLogin": """
        batch.serviceAgent cloudtpu.serviceAgent composer.serviceAgent compute.admin
        compute.editor compute.instanceAdmin compute.instanceAdmin.v1
        compute.instanceGroupManagerServiceAgent compute.osAdminLogin compute.osLogin
        container.serviceAgent dataflow.serviceAgent dataproc.serviceAgent editor
        genomics.serviceAgent iam.devOps iam.infrastructureAdmin iam.networkAdmin
        iam.siteReliabilityEngineer lifesciences.serviceAgent notebooks.legacyAdmin
        notebooks.serviceAgent owner
    """,
    "compute.instances.setMetadata": """
        aiplatform.colabServiceAgent aiplatform.serviceAgent appengineflex.serviceAgent
        backupdr.computeEngineOperator backupdr.serviceAgent batch.serviceAgent
        clouddeploymentmanager.serviceAgent cloudmigration.inframanager cloudtpu.serviceAgent
        composer.serviceAgent compute.admin compute.editor compute.instanceAdmin
        compute.instanceAdmin.v1 compute.instanceGroupManagerServiceAgent compute.serviceAgent
        container.serviceAgent dataflow.serviceAgent dataproc.hubAgent dataproc.serviceAgent
        editor genomics.serviceAgent hypercomputecluster.serviceAgent iam.infrastructureAdmin
        iam.networkAdmin iam.siteReliabilityEngineer lifesciences.serviceAgent
        metastore.migrationAdmin notebooks.legacyAdmin notebooks.serviceAgent
        osconfig.serviceAgent owner securitycenter.securityResponseServiceAgent
        spanner.serviceAgent vmmigration.serviceAgent vpcaccess.serviceAgent
        workstations.serviceAgent
    """,
    "compute.instances.setServiceAccount": """
        aiplatform.colabServiceAgent aiplatform.serviceAgent backupdr.computeEngineOperator
        backupdr.serviceAgent batch.serviceAgent clouddeploymentmanager.serviceAgent
        cloudmigration.inframanager cloudtpu.serviceAgent composer.serviceAgent compute.admin
        compute.editor compute.instanceAdmin compute.instanceAdmin.v1
        compute.instanceGroupManagerServiceAgent compute.serviceAgent container.serviceAgent
        dataflow.serviceAgent dataproc.serviceAgent editor genomics.serviceAgent
        hypercomputecluster.serviceAgent iam.infrastructureAdmin iam.networkAdmin
        iam.siteReliabilityEngineer lifesciences.serviceAgent notebooks.legacyAdmin
        notebooks.serviceAgent owner spanner.serviceAgent vmmigration.serviceAgent
        workstations.serviceAgent
    """,
    "compute.projects.setCommonInstanceMetadata": """
        appengineflex.serviceAgent batch.serviceAgent cloudtpu.serviceAgent composer.serviceAgent
        compute.admin compute.editor compute.instanceAdmin.v1 container.serviceAgent editor
        genomics.serviceAgent iam.infrastructureAdmin iam.networkAdmin iam.siteReliabilityEngineer
        lifesciences.serviceAgent notebooks.legacyAdmin notebooks.serviceAgent
        osconfig.serviceAgent owner vpcaccess.serviceAgent
    """,
    "config.deployments.create": """
        config.admin config.editor designcenter.serviceAgent editor owner
        saasservicemgmt.serviceAgent workloadmanager.serviceAgent
    """,
    "config.deployments.update": """
        config.admin config.editor designcenter.serviceAgent editor owner
        saasservicemgmt.serviceAgent workloadmanager.serviceAgent
    """,
    "container.clusters.create": """
        clouddeploymentmanager.serviceAgent composer.serviceAgent composer.worker container.admin
        container.clusterAdmin container.editor container.serviceAgent editor
        gameservices.serviceAgent hypercomputecluster.serviceAgent iam.infrastructureAdmin
        krmapihosting.anthosApiEndpointServiceAgent krmapihosting.serviceAgent owner
        telcoautomation.serviceAgent
    """,
    "container.clusters.update": """
        anthosservicemesh.serviceAgent appdevelopmentexperience.serviceAgent
        clouddeploymentmanager.serviceAgent composer.serviceAgent composer.worker container.admin
        container.clusterAdmin container.editor container.serviceAgent dataproc.serviceAgent
        editor gameservices.serviceAgent gkebackup.serviceAgent gkehub.serviceAgent
        hypercomputecluster.serviceAgent iam.infrastructureAdmin
        krmapihosting.anthosApiEndpointServiceAgent krmapihosting.serviceAgent
        meshcontrolplane.serviceAgent owner telcoautomation.serviceAgent
        workloadcertificate.serviceAgent
    """,
    "dataflow.jobs.create": """
        aiplatform.serviceAgent automlrecommendations.serviceAgent dataflow.admin
        dataflow.developer dataflow.serviceAgent datapipelines.serviceAgent dataprep.serviceAgent
        editor owner retail.serviceAgent
    """,
    "dataform.workflowInvocations.create": """
        aiplatform.colabEnterpriseAdmin bigquery.admin bigquery.studioAdmin dataflow.serviceAgent
        dataform.admin dataform.editor dataform.serviceAgent dataplex.serviceAgent editor
        iam.databasesAdmin iam.mlEngineer owner
    """,
    "datafusion.instances.create": """
        datafusion.admin editor owner
    """,
    "dataplex.tasks.create": """
        dataplex.admin dataplex.developer dataplex.editor editor owner
    """,
    "dataproc.batches.create": """
        bigquery.studioAdmin bigquery.studioUser datafusion.serviceAgent dataplex.serviceAgent
        dataproc.admin dataproc.editor dataproc.serverlessEditor editor iam.dataScientist
        iam.mlEngineer owner
    """,
    "dataproc.clusters.create": """
        clouddeploymentmanager.serviceAgent datafusion.serviceAgent dataproc.admin dataproc.editor
        dataproc.hubAgent dataproc.serviceAgent editor iam.mlEngineer owner
    """,
    "dataproc.sessions.create": """
        bigquery.studioAdmin bigquery.studioUser datafusion.serviceAgent dataproc.admin
        dataproc.editor dataproc.serverlessEditor dataproc.serviceAgent editor iam.dataScientist
        iam.mlEngineer owner
    """,
    "dataproc.workflowTemplates.instantiateInline": """
        datafusion.serviceAgent dataproc.admin dataproc.editor editor iam.mlEngineer owner
    """,
    "deploymentmanager.deployments.create": """
        appengineflex.serviceAgent clouddeploymentmanager.serviceAgent composer.serviceAgent
        deploymentmanager.admin deploymentmanager.editor editor firebasemods.serviceAgent owner
        vpcaccess.serviceAgent
    """,
    "deploymentmanager.deployments.update": """
        appengineflex.serviceAgent clouddeploymentmanager.serviceAgent composer.serviceAgent
        deploymentmanager.admin deploymentmanager.editor editor firebasemods.serviceAgent owner
        vpcaccess.serviceAgent
    """,
    "eventarc.triggers.create": """
        cloudfunctions.admin cloudfunctions.developer cloudfunctions.editor
        cloudfunctions.serviceAgent editor eventarc.admin eventarc.developer eventarc.editor
        firebase.admin firebase.developAdmin iam.dataScientist iam.devOps owner
        run.sourceDeveloper
    """,
    "iam.googleapis.com/workforcePoolProviderKeys.create": """
        iam.admin iam.workforcePoolAdmin owner
    """,
    "iam.googleapis.com/workforcePoolProviders.create": """
        iam.admin iam.workforcePoolAdmin iam.workforcePoolEditor owner
    """,
    "iam.googleapis.com/workforcePoolProviders.update": """
        iam.admin iam.workforcePoolAdmin iam.workforcePoolEditor owner
    """,
    "iam.googleapis.com/workloadIdentityPoolProviderKeys.create": """
        iam.admin iam.workloadIdentityPoolAdmin owner
    """,
    "iam.googleapis.com/workloadIdentityPoolProviders.create": """
        iam.admin iam.workloadIdentityPoolAdmin owner
    """,
    "iam.googleapis.com/workloadIdentityPoolProviders.update": """
        iam.admin iam.workloadIdentityPoolAdmin owner
    """,
    "iam.roles.update": """
        clouddeploymentmanager.serviceAgent iam.admin iam.organizationRoleAdmin iam.roleAdmin
        owner
    """,
    "iam.serviceAccountApiKeyBindings.create": """
        editor iam.admin iam.devOps iam.editor iam.serviceAccountAdmin
        iam.serviceAccountApiKeyBindingAdmin owner
    """,
    "iam.serviceAccountKeys.create": """
        assuredoss.admin editor iam.admin iam.editor iam.serviceAccountKeyAdmin owner
        securitycenter.admin
    """,
    "iam.serviceAccounts.actAs": """
        aiplatform.colabServiceAgent aiplatform.serviceAgent appengineflex.serviceAgent
        backupdr.computeEngineOperator backupdr.serviceAgent batch.serviceAgent
        cloudconfig.serviceAgent clouddeploy.serviceAgent clouddeploymentmanager.serviceAgent
        cloudfunctions.serviceAgent cloudtpu.serviceAgent composer.serviceAgent
        compute.instanceGroupManagerServiceAgent compute.serviceAgent configdelivery.serviceAgent
        container.serviceAgent dataflow.serviceAgent datapipelines.serviceAgent
        dataplex.serviceAgent dataprep.serviceAgent dataproc.hubAgent dataproc.serviceAgent editor
        eventarc.serviceAgent firebaseapphosting.serviceAgent firebasemods.serviceAgent
        gameservices.serviceAgent genomics.serviceAgent hypercomputecluster.serviceAgent iam.admin
        iam.dataScientist iam.databasesAdmin iam.devOps iam.editor iam.serviceAccountUser
        krmapihosting.anthosApiEndpointServiceAgent krmapihosting.serviceAgent
        lifesciences.serviceAgent notebooks.serviceAgent osconfig.serviceAgent owner
        run.serviceAgent runapps.serviceAgent securitycenter.securityResponseServiceAgent
        serverless.serviceAgent workstations.serviceAgent
    """,
    "iam.serviceAccounts.create": """
        assuredoss.admin assuredoss.projectAdmin clouddeploymentmanager.serviceAgent
        earthengine.appsPublisher editor firebase.managementServiceAgent firebasemods.serviceAgent
        iam.admin iam.devOps iam.editor iam.serviceAccountAdmin iam.serviceAccountCreator owner
        securitycenter.admin
    """,
    "iam.serviceAccounts.getAccessToken": """
        aiplatform.customCodeServiceAgent aiplatform.extensionServiceAgent aiplatform.serviceAgent
        apigateway.serviceAgent apigee.serviceAgent appengine.serviceAgent
        appengineflex.serviceAgent bigquerycontinuousquery.serviceAgent
        bigquerydatatransfer.serviceAgent bigqueryspark.serviceAgent cloudbuild.serviceAgent
        cloudconfig.serviceAgent clouddeploy.serviceAgent cloudfunctions.serviceAgent
        cloudscheduler.serviceAgent cloudtasks.serviceAgent composer.serviceAgent
        compute.serviceAgent connectors.serviceAgent dataflow.serviceAgent dataproc.serviceAgent
        eventarc.serviceAgent hypercomputecluster.serviceAgent iam.serviceAccountTokenCreator
        iam.workloadIdentityUser integrations.serviceAgent ml.serviceAgent notebooks.serviceAgent
        pubsub.serviceAgent run.serviceAgent serverless.serviceAgent sourcerepo.serviceAgent
        workflows.serviceAgent
    """,
    "iam.serviceAccounts.getOpenIdToken": """
        aiplatform.customCodeServiceAgent aiplatform.extensionServiceAgent aiplatform.serviceAgent
        apigateway.serviceAgent apigee.serviceAgent appengine.serviceAgent cloudbuild.serviceAgent
        cloudfunctions.serviceAgent cloudscheduler.serviceAgent cloudtasks.serviceAgent
        composer.serviceAgent compute.serviceAgent connectors.serviceAgent eventarc.serviceAgent
        iam.serviceAccountOpenIdTokenCreator iam.serviceAccountTokenCreator
        iam.workloadIdentityUser integrations.serviceAgent ml.serviceAgent pubsub.serviceAgent
        run.serviceAgent serverless.serviceAgent workflows.serviceAgent
    """,
    "iam.serviceAccounts.implicitDelegation": """
        aiplatform.customCodeServiceAgent compute.serviceAgent connectors.serviceAgent
        dataflow.serviceAgent iam.serviceAccountTokenCreator ml.serviceAgent pubsub.serviceAgent
    """,
    "iam.serviceAccounts.setIamPolicy": """
        composer.ServiceAgentV2Ext earthengine.appsPublisher iam.admin iam.devOps
        iam.securityAdmin iam.serviceAccountAdmin owner
    """,
    "iam.serviceAccounts.signBlob": """
        aiplatform.customCodeServiceAgent appengine.serviceAgent appengineflex.serviceAgent
        cloudfunctions.serviceAgent dataflow.serviceAgent iam.serviceAccountTokenCreator
        ml.serviceAgent pubsub.serviceAgent run.serviceAgent serverless.serviceAgent
    """,
    "iam.serviceAccounts.signJwt": """
        aiplatform.customCodeServiceAgent appengineflex.serviceAgent compute.serviceAgent
        dataflow.serviceAgent iam.serviceAccountTokenCreator ml.serviceAgent pubsub.serviceAgent
        securesourcemanager.serviceAgent
    """,
    "lifesciences.workflows.run": """
        editor lifesciences.admin lifesciences.editor lifesciences.workflowsRunner owner
    """,
    "ml.jobs.create": """
        datalabeling.serviceAgent editor ml.admin ml.developer ml.editor ml.jobOwner
        notebooks.serviceAgent owner
    """,
    "notebooks.instances.create": """
        aiplatform.colabServiceAgent aiplatform.serviceAgent editor notebooks.admin
        notebooks.editor notebooks.legacyAdmin notebooks.runner notebooks.serviceAgent owner
    """,
    "orgpolicy.policies.create": """
        assuredworkloads.admin assuredworkloads.editor orgpolicy.policyAdmin securityposture.admin
        securityposture.postureDeployer
    """,
    "orgpolicy.policies.update": """
        assuredworkloads.admin assuredworkloads.editor orgpolicy.policyAdmin securityposture.admin
        securityposture.postureDeployer
    """,
    "orgpolicy.policy.set": """
        assuredworkloads.admin assuredworkloads.editor orgpolicy.policyAdmin securityposture.admin
        securityposture.postureDeployer
    """,
    "resourcemanager.folders.setIamPolicy": """
        iam.securityAdmin privilegedaccessmanager.folderServiceAgent
        privilegedaccessmanager.serviceAgent resourcemanager.folderAdmin
        resourcemanager.folderIamAdmin resourcemanager.organizationAdmin
    """,
    "resourcemanager.organizations.setIamPolicy": """
        iam.securityAdmin privilegedaccessmanager.organizationServiceAgent
        privilegedaccessmanager.serviceAgent resourcemanager.organizationAdmin
    """,
    "resourcemanager.projects.setIamPolicy": """
        appengineflex.serviceAgent firebase.managementServiceAgent gkehub.crossProjectServiceAgent
        iam.securityAdmin krmapihosting.anthosApiEndpointServiceAgent owner
        privilegedaccessmanager.projectServiceAgent privilegedaccessmanager.serviceAgent
        resourcemanager.folderAdmin resourcemanager.organizationAdmin
        resourcemanager.projectIamAdmin
    """,
    "run.jobs.create": """
        aiplatform.serviceAgent cloudfunctions.admin cloudfunctions.developer
        cloudfunctions.editor cloudfunctions.serviceAgent editor firebase.admin
        firebase.developAdmin iam.dataScientist iam.devOps iam.mlEngineer owner run.admin
        run.developer run.editor run.sourceDeveloper
    """,
    "run.jobs.update": """
        aiplatform.serviceAgent cloudfunctions.admin cloudfunctions.developer
        cloudfunctions.editor cloudfunctions.serviceAgent editor firebase.admin
        firebase.developAdmin iam.dataScientist iam.devOps iam.mlEngineer owner run.admin
        run.developer run.editor run.sourceDeveloper
    """,
    "run.services.create": """
        aiplatform.serviceAgent cloudfunctions.admin cloudfunctions.developer
        cloudfunctions.editor cloudfunctions.serviceAgent editor firebase.admin
        firebase.developAdmin firebaseapphosting.serviceAgent iam.dataScientist iam.devOps
        iam.mlEngineer owner run.admin run.developer run.editor run.sourceDeveloper
    """,
    "run.services.update": """
        cloudfunctions.admin cloudfunctions.developer cloudfunctions.editor
        cloudfunctions.serviceAgent editor firebase.admin firebase.developAdmin
        firebaseapphosting.serviceAgent iam.dataScientist iam.devOps iam.mlEngineer owner
        run.admin run.developer run.editor run.sourceDeveloper
    """,
    "storage.hmacKeys.create": """
        clouddeploymentmanager.serviceAgent editor owner storage.editor storage.hmacKeyAdmin
    """,
    "tpu.nodes.create": """
        container.serviceAgent editor owner tpu.admin tpu.editor
    """,
    "workflows.workflows.create": """
        clouddeploymentmanager.serviceAgent editor owner workflows.admin workflows.editor
    """,
    "workflows.workflows.update": """
        editor owner workflows.admin workflows.editor
    """,
    "workstations.workstationConfigs.create": """
        editor owner workstations.admin workstations.editor
    """,
    "workstations.workstationConfigs.update": """
        editor owner workstations.admin workstations.editor
    """,
}
"""Permission -> roles, without their ``roles/``."""


def _by_role() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for permission, roles in _HOLDERS.items():
        for role in roles.split():
            found.setdefault(f"roles/{role}", set()).add(permission)
    return {role: frozenset(permissions) for role, permissions in found.items()}


PREDEFINED = _by_role()
"""Role -> those of its permissions that rules ask about."""
