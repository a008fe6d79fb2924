// Reads everything that can be read, and changes nothing. Prints how many there were of each, and how refusals look.
import {
  all, compute, groupOf, network, refusal, report, resources, siteRecovery, storage, theVault, vaults,
} from "./clients.mjs";

const MACHINE = ["rg-erp-web", "erp-web-01"];
const { id, where } = await theVault();
const inGroup = [where[1], where[0]]; // Recovery Services names the group first, Site Recovery the vault
const empty = new Set();

const LISTS = {
  machines: () => compute.virtualMachines.listAll(),
  machinesOfAGroup: () => compute.virtualMachines.list(MACHINE[0]),
  disks: () => compute.disks.list(),
  availabilitySets: () => compute.availabilitySets.listBySubscription(),
  placementGroups: () => compute.proximityPlacementGroups.listBySubscription(),
  encryptionSets: () => compute.diskEncryptionSets.list(),
  capacityGroups: () => compute.capacityReservationGroups.listBySubscription(),
  skus: () => compute.resourceSkus.list({ filter: "location eq 'eastasia'" }),
  sizes: () => compute.virtualMachines.listAvailableSizes(...MACHINE),
  networks: () => network.virtualNetworks.listAll(),
  subnets: () => network.subnets.list("rg-dr-data", "vnet-hub-sea"),
  interfaces: () => network.networkInterfaces.listAll(),
  securityGroups: () => network.networkSecurityGroups.listAll(),
  addresses: () => network.publicIPAddresses.listAll(),
  balancers: () => network.loadBalancers.listAll(),
  routeTables: () => network.routeTables.listAll(),
  accounts: () => storage.storageAccounts.list(),
  groups: () => resources.resourceGroups.list(),
  resources: () => resources.resources.list({ expand: "createdTime,changedTime,provisioningState" }),
  providers: () => resources.providers.list(),
  vaults: () => vaults.vaults.listByResourceGroup(inGroup[0]),
  vaultUsages: () => vaults.usages.listByVaults(...inGroup),
  replicationUsages: () => vaults.replicationUsages.list(...inGroup),
  fabrics: () => siteRecovery.replicationFabrics.list(...where),
  containers: () => siteRecovery.replicationProtectionContainers.list(...where),
  policies: () => siteRecovery.replicationPolicies.list(...where),
  mappings: () => siteRecovery.replicationProtectionContainerMappings.list(...where),
  replicationNetworks: () => siteRecovery.replicationNetworks.list(...where),
  networkMappings: () => siteRecovery.replicationNetworkMappings.list(...where),
  recoveryServicesProviders: () => siteRecovery.replicationRecoveryServicesProviders.list(...where),
  items: () => siteRecovery.replicationProtectedItems.list(...where),
  intents: () => siteRecovery.replicationProtectionIntents.list(...where),
  plans: () => siteRecovery.replicationRecoveryPlans.list(...where),
  jobs: () => siteRecovery.replicationJobs.list(...where),
  events: () => siteRecovery.replicationEvents.list(...where),
  alertSettings: () => siteRecovery.replicationAlertSettings.list(...where),
  vaultSettings: () => siteRecovery.replicationVaultSetting.list(...where),
};

async function counted() {
  const found = {};
  for (const [name, list] of Object.entries(LISTS)) found[name] = (await all(list())).length;
  return found;
}

async function single() {
  const view = await compute.virtualMachines.instanceView(...MACHINE);
  const eligible = await siteRecovery.replicationEligibilityResultsOperations.get(...MACHINE);
  const health = await siteRecovery.replicationVaultHealth.get(...where);
  const systems = await siteRecovery.supportedOperatingSystemsOperations.get(...where);
  const vault = await vaults.vaults.get(...inGroup);
  const name = await storage.storageAccounts.checkNameAvailability({
    name: "stcontosopayasr", type: "Microsoft.Storage/storageAccounts",
  });
  return {
    power: view.statuses.at(-1).code,
    errors: eligible.properties.errors.length,
    vaultErrors: health.properties.vaultErrors.length,
    systems: systems.properties.supportedOsList.length,
    vault: vault.id === id,
    group: await resources.resourceGroups.checkExistence(groupOf(id)).then((answer) => answer.body ?? answer),
    nameAvailable: name.nameAvailable,
  };
}

const refusals = {
  machine: await refusal(compute.virtualMachines.get(MACHINE[0], "nobody")),
  group: await refusal(resources.resourceGroups.get("nowhere")),
  vault: await refusal(vaults.vaults.get(inGroup[0], "none")),
  fabric: await refusal(siteRecovery.replicationFabrics.get("none", where[1], "none")),
  size: await refusal(
    compute.virtualMachines.createOrUpdate(MACHINE[0], "new", {
      location: "eastasia", hardwareProfile: { vmSize: "Standard_D2s_v5" },
    }),
  ),
};
report({ counts: await counted(), single: await single(), refusals });
