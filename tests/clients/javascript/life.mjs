// A machine's whole life: foundations, protection, test failover, failover, another recovery point, commit, re-protection,
// failing back, home again, disabled, and the foundations taken away. Prints what it saw at each step, and the vault's jobs.
import {
  all, compute, groupOf, lastOf, network, report, resources, siteRecovery, storage, subscription, theVault,
} from "./clients.mjs";

const [SOURCE, TARGET] = ["eastasia", "southeastasia"];
const [GROUP, POLICY, ITEM, MACHINE] = ["rg-js-asr", "policy-js", "item-js", "erp-web-01"];
const A2A = { instanceType: "A2A" };
const groupId = `/subscriptions/${subscription}/resourceGroups/${GROUP}`;
const recoveryNetwork = `${groupId}/providers/Microsoft.Network/virtualNetworks/vnet-js`;
const vault = await theVault();
const other = (region) => (region === SOURCE ? TARGET : SOURCE);
const fabric = (region) => [...vault.where, `fabric-${region}`];
const container = (region) => [...fabric(region), `container-${region}`];
const item = (region) => [...container(region), ITEM];
const containerId = (region) =>
  `${vault.id}/replicationFabrics/fabric-${region}/replicationProtectionContainers/container-${region}`;
const mapping = (here) => `${here}-to-${other(here)}`;
const bothWays = (work) => Promise.all([SOURCE, TARGET].map(work));
const {
  replicationFabrics: fabrics, replicationProtectionContainers: containers, replicationPolicies: policies,
  replicationProtectionContainerMappings: mappings, replicationNetworkMappings: networkMappings,
  replicationProtectedItems: items, replicationJobs: jobs, recoveryPoints,
} = siteRecovery;
const seen = {};

/** What a reader sees of the item now, kept under the step's name. */
async function look(step, region) {
  const { properties } = await items.get(...item(region));
  const { protectionState, allowedOperations, activeLocation, testFailoverState } = properties;
  seen[step] = { protectionState, allowedOperations, activeLocation, testFailoverState };
  return properties;
}

async function untilProtected(step, region) {
  for (let tries = 0; tries < 100; tries += 1) {
    const properties = await look(step, region);
    if (properties.protectionState === "Protected") return properties;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`${step}: the item was never protected`);
}

// --- what there is around the item ---

async function source() {
  const machine = (await all(compute.virtualMachines.listAll())).find((entry) => entry.name === MACHINE);
  const nicId = machine.networkProfile.networkInterfaces[0].id;
  const nic = await network.networkInterfaces.get(groupOf(nicId), lastOf(nicId));
  const subnet = (nic.properties ?? nic).ipConfigurations[0].subnet.id;
  return { machine, network: subnet.split("/subnets/")[0] };
}

async function targets() {
  await resources.resourceGroups.createOrUpdate(GROUP, { location: TARGET });
  const making = network.virtualNetworks.createOrUpdate(GROUP, "vnet-js", {
    location: TARGET,
    addressSpace: { addressPrefixes: ["10.88.0.0/16"] },
    subnets: [{ name: "default", addressPrefix: "10.88.0.0/24" }],
  });
  const caches = await bothWays((location) =>
    storage.storageAccounts.create(GROUP, `jscache${location}`, {
      location, sku: { name: "Standard_LRS" }, kind: "StorageV2",
    }),
  );
  await making;
  return { [SOURCE]: caches[0].id, [TARGET]: caches[1].id };
}

async function foundations(sourceNetwork) {
  const making = policies.beginCreateAndWait(...vault.where, POLICY, {
    properties: {
      providerSpecificInput: {
        ...A2A, recoveryPointHistory: 1440, crashConsistentFrequencyInMinutes: 5, appConsistentFrequencyInMinutes: 60,
        multiVmSyncStatus: "Enable",
      },
    },
  });
  await bothWays(async (region) => {
    const details = { instanceType: "Azure", location: region };
    await fabrics.beginCreateAndWait(...fabric(region), { properties: { customDetails: details } });
    await containers.beginCreateAndWait(...container(region), { properties: { providerSpecificInput: [A2A] } });
  });
  const policy = await making;
  const networks = { [SOURCE]: sourceNetwork, [TARGET]: recoveryNetwork };
  for (const here of [SOURCE, TARGET]) await pair(here, policy.id, networks);
  return policy.id;
}

async function pair(here, policyId, networks) {
  const there = other(here);
  await mappings.beginCreateAndWait(...container(here), mapping(here), {
    properties: {
      targetProtectionContainerId: containerId(there), policyId,
      providerSpecificInput: { ...A2A, agentAutoUpdateStatus: "Disabled" },
    },
  });
  await networkMappings.beginCreateAndWait(...fabric(here), "azureNetwork", mapping(here), {
    properties: {
      recoveryFabricName: `fabric-${there}`, recoveryNetworkId: networks[there],
      fabricSpecificDetails: { instanceType: "AzureToAzure", primaryNetworkId: networks[here] },
    },
  });
}

async function nothingLeft() {
  await bothWays((here) => networkMappings.beginDeleteAndWait(...fabric(here), "azureNetwork", mapping(here)));
  for (const here of [SOURCE, TARGET]) {
    await mappings.beginDeleteAndWait(...container(here), mapping(here), {
      properties: { providerSpecificInput: { instanceType: "A2A" } },
    });
  }
  await bothWays(async (region) => {
    await containers.beginDeleteAndWait(...container(region));
    await fabrics.beginDeleteAndWait(...fabric(region));
  });
  await policies.beginDeleteAndWait(...vault.where, POLICY);
  const lists = [fabrics.list(...vault.where), policies.list(...vault.where), items.list(...vault.where)];
  return (await Promise.all(lists.map(all))).flat().length;
}

// --- the life ---

function diskInputs(machine, cache, recoveryResourceGroupId) {
  const { osDisk, dataDisks } = machine.storageProfile;
  return [osDisk, ...(dataDisks ?? [])].map((disk) => ({
    diskId: disk.managedDisk.id, primaryStagingAzureStorageAccountId: cache, recoveryResourceGroupId,
  }));
}

async function enable(machine, policyId, cache) {
  await items.beginCreateAndWait(...item(SOURCE), {
    properties: {
      policyId,
      providerSpecificDetails: {
        ...A2A, fabricObjectId: machine.id, recoveryContainerId: containerId(TARGET), recoveryResourceGroupId: groupId,
        vmManagedDisks: diskInputs(machine, cache, groupId),
      },
    },
  });
  await look("enabled", SOURCE);
  return untilProtected("protected", SOURCE);
}

async function update() {
  // The item's own id of the interface, which is no ARM id (site-recovery-protocol.md §2).
  const [{ nicId }] = (await look("before update", SOURCE)).providerSpecificDetails.vmNics;
  const ipConfigs = [{ ipConfigName: "ipconfig1", recoverySubnetName: "default", recoveryStaticIPAddress: "10.88.0.77" }];
  const made = await items.beginUpdateAndWait(...item(SOURCE), {
    properties: {
      recoveryAzureVMName: "erp-web-01-js", recoveryAzureVMSize: "Standard_D4s_v5",
      vmNics: [{ nicId, selectionType: "SelectedByUser", ipConfigs }],
      providerSpecificDetails: A2A,
    },
  });
  const { recoveryAzureVMName, recoveryAzureVMSize } = made.properties.providerSpecificDetails;
  seen.updated = { recoveryAzureVMName, recoveryAzureVMSize };
}

async function rehearse() {
  await items.beginTestFailoverAndWait(...item(SOURCE), {
    properties: {
      failoverDirection: "PrimaryToRecovery", networkType: "VmNetworkAsInput", networkId: recoveryNetwork,
      providerSpecificDetails: A2A,
    },
  });
  const { testFailoverRecoveryFabricObjectId: id } = (await look("rehearsed", SOURCE)).providerSpecificDetails;
  seen.testMachine = (await compute.virtualMachines.get(groupOf(id), lastOf(id))).location;
  await items.beginTestFailoverCleanupAndWait(...item(SOURCE), { properties: { comments: "it works" } });
  await look("cleaned up", SOURCE);
}

/** How many there are of everything in the vault, by each way in which it can be listed. */
async function inventory() {
  const lists = {
    fabrics: fabrics.list(...vault.where),
    containers: containers.list(...vault.where),
    containersOfAFabric: containers.listByReplicationFabrics(...fabric(SOURCE)),
    policies: policies.list(...vault.where),
    mappings: mappings.list(...vault.where),
    mappingsOfAContainer: mappings.listByReplicationProtectionContainers(...container(SOURCE)),
    networkMappings: networkMappings.list(...vault.where),
    networkMappingsOfAFabric: networkMappings.listByReplicationNetworks(...fabric(SOURCE), "azureNetwork"),
    networks: siteRecovery.replicationNetworks.listByReplicationFabrics(...fabric(SOURCE)),
    providers: siteRecovery.replicationRecoveryServicesProviders.listByReplicationFabrics(...fabric(SOURCE)),
    items: items.list(...vault.where),
    itemsOfAContainer: items.listByReplicationProtectionContainers(...container(SOURCE)),
    points: recoveryPoints.listByReplicationProtectedItems(...item(SOURCE)),
    sizes: siteRecovery.targetComputeSizes.listByReplicationProtectedItems(...item(SOURCE)),
    events: siteRecovery.replicationEvents.list(...vault.where),
  };
  const counted = await Promise.all(Object.entries(lists).map(async ([name, list]) => [name, (await all(list)).length]));
  seen.inventory = Object.fromEntries(counted);
}

async function failOver(region, step, recoveryPointId) {
  await items.beginUnplannedFailoverAndWait(...item(region), {
    properties: {
      failoverDirection: "PrimaryToRecovery", sourceSiteOperations: "NotRequired",
      providerSpecificDetails: { ...A2A, recoveryPointId },
    },
  });
  return look(step, region);
}

async function chooseAnother(point) {
  await items.beginApplyRecoveryPointAndWait(...item(SOURCE), {
    properties: { recoveryPointId: point.id, providerSpecificDetails: A2A },
  });
  const { properties } = await items.get(...item(SOURCE));
  seen.chosen = lastOf(properties.failoverRecoveryPointId) === point.name;
}

async function commit(region, step) {
  await items.beginFailoverCommitAndWait(...item(region));
  return look(step, region);
}

/** Re-protect: the item moves from the container `here` to the other, and its machine is copied back into `group`. */
async function turnRound(here, step, policyId, caches, group) {
  const id = (await items.get(...item(here))).properties.providerSpecificDetails.recoveryFabricObjectId;
  const machine = await compute.virtualMachines.get(groupOf(id), lastOf(id));
  const there = other(here);
  await containers.beginSwitchProtectionAndWait(...container(here), {
    properties: {
      replicationProtectedItemName: ITEM,
      providerSpecificDetails: {
        ...A2A, policyId, recoveryContainerId: containerId(here), recoveryResourceGroupId: group,
        vmManagedDisks: diskInputs(machine, caches[there], group),
      },
    },
  });
  return untilProtected(step, there);
}

async function disable() {
  await items.beginDeleteAndWait(...item(SOURCE), {
    properties: {
      disableProtectionReason: "NotSpecified",
      replicationProviderInput: { instanceType: "DisableProtectionProviderSpecificInput" },
    },
  });
  seen.left = (await all(items.list(...vault.where))).length;
}

/** The vault's jobs, oldest first, each with the tasks that only its own page tells. */
async function allJobs() {
  const listed = (await all(jobs.list(...vault.where))).reverse();
  return Promise.all(
    listed.map(async ({ name, properties }) => {
      const full = await jobs.get(...vault.where, name);
      const tasks = (full.properties.tasks ?? []).map((task) => [task.taskId, task.state]);
      return { scenario: properties.scenarioName, state: properties.state, tasks };
    }),
  );
}

const at = await source();
const caches = await targets();
const policyId = await foundations(at.network);
await enable(at.machine, policyId, caches[SOURCE]);
await update();
await rehearse();
await inventory();
const points = await all(recoveryPoints.listByReplicationProtectedItems(...item(SOURCE)));
await failOver(SOURCE, "failed over");
await chooseAnother(points[0]);
await commit(SOURCE, "committed");
const home = `/subscriptions/${subscription}/resourceGroups/${groupOf(at.machine.id)}`;
await turnRound(SOURCE, "re-protected", policyId, caches, home);
const back = await failOver(TARGET, "failed back");
seen.machineIsHome = groupOf(back.providerSpecificDetails.recoveryFabricObjectId) === groupOf(at.machine.id);
await commit(TARGET, "committed at home");
await turnRound(TARGET, "protected at home", policyId, caches, groupId);
await disable();
seen.foundationsLeft = await nothingLeft();
report({ seen, jobs: await allJobs() });
