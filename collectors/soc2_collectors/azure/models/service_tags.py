"""Service tags: names that stand for addresses of Azure's services in security rules.

Source: Azure, "Virtual network service tags" (available service tags), "Configure service tag access in Azure
Network Security Perimeter".
"""

from __future__ import annotations

RENTED = frozenset({"azurecloud"})
"""Tags that hold the addresses of every customer's machines: whoever rents one comes in."""

_NAMES = """
    ActionGroup ApiManagement ApplicationInsightsAvailability AppConfiguration AppService AppServiceManagement
    AutonomousDevelopmentPlatform AzureActiveDirectory AzureActiveDirectoryDomainServices
    AzureAdvancedThreatProtection AzureAIStudio AzureArcInfrastructure AzureAttestation AzureBackup
    AzureBotService AzureCloud AzureCognitiveSearch AzureConnectors AzureContainerAppsService
    AzureContainerRegistry AzureCosmosDB AzureDatabricks AzureDataExplorerManagement AzureDataLake
    AzureDeviceUpdate AzureDevOps AzureDevSpaces AzureDigitalTwins AzureEventGrid AzureFrontDoor
    AzureHealthcareAPIs AzureInformationProtection AzureIoTHub AzureKeyVault AzureLoadBalancer
    AzureLoadTestingInstanceManagement AzureMachineLearning AzureMachineLearningInference AzureManagedGrafana
    AzureMonitor AzureMonitorForSAP AzureOpenDatasets AzurePlatformDNS AzurePlatformIMDS AzurePlatformLKM
    AzureResourceManager AzureSentinel AzureSignalR AzureSiteRecovery AzureSphere AzureSpringCloud AzureStack
    AzureTrafficManager AzureUpdateDelivery AzureVideoAnalyzerForMedia AzureVirtualNetworkManager
    AzureWebPubSub
    BatchNodeManagement ChaosStudio CognitiveServicesFrontend CognitiveServicesManagement DataFactory
    DataFactoryManagement Dynamics365BusinessCentral Dynamics365ForMarketingEmail EOPExternalPublishedIPs
    EventHub GatewayManager GenevaActions Grafana GuestAndHybridManagement HDInsight Internet KustoAnalytics
    LogicApps LogicAppsManagement M365ManagementActivityApi M365ManagementActivityApiWebhook Marketplace
    MicrosoftAzureFluidRelay MicrosoftCloudAppSecurity MicrosoftContainerRegistry MicrosoftDefenderForEndpoint
    MicrosoftDiscoveryService MicrosoftPurviewPolicyDistribution OneDsCollector PowerBI PowerPlatform
    PowerPlatformInfra PowerPlatformPlex
    PowerQueryOnline SCCservice Scuba SerialConsole ServiceBus ServiceFabric Sql SqlManagement Storage
    StorageMover StorageSyncService TrafficManager VideoIndexer VirtualDesktop VirtualNetwork
    WindowsAdminCenter WindowsVirtualDesktop
"""
_KNOWN = frozenset(name.casefold() for name in _NAMES.split())


def is_service_tag(text: str) -> bool:
    """Whether a text is a service tag, of a Region or of all; case says nothing."""
    return text.casefold().partition(".")[0] in _KNOWN
