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
    "composer.environments.create": """
        composer.admin composer.editor composer.environmentAndStorageObjectAdmin editor owner
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
    "dataflow.jobs.create": """
        aiplatform.serviceAgent automlrecommendations.serviceAgent dataflow.admin
        dataflow.developer dataflow.serviceAgent datapipelines.serviceAgent dataprep.serviceAgent
        editor owner retail.serviceAgent
    """,
    "datafusion.instances.create": """
        datafusion.admin editor owner
    """,
    "dataproc.clusters.create": """
        clouddeploymentmanager.serviceAgent datafusion.serviceAgent dataproc.admin dataproc.editor
        dataproc.hubAgent dataproc.serviceAgent editor iam.mlEngineer owner
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
    "iam.roles.update": """
        clouddeploymentmanager.serviceAgent iam.admin iam.organizationRoleAdmin iam.roleAdmin
        owner
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
    "notebooks.instances.create": """
        aiplatform.colabServiceAgent aiplatform.serviceAgent editor notebooks.admin
        notebooks.editor notebooks.legacyAdmin notebooks.runner notebooks.serviceAgent owner
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
    "workflows.workflows.create": """
        clouddeploymentmanager.serviceAgent editor owner workflows.admin workflows.editor
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
