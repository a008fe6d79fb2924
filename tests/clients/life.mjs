// A machine's whole life through the official JavaScript SDKs: foundations, protection, test failover, failover, commit,
// re-protection, failing back, disabling. Arguments: credentials.json of the simulator, and "direct" or "shim".
import { readFileSync } from "node:fs";
import { strict as assert } from "node:assert";
import { ClientSecretCredential } from "@azure/identity";
import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import { RecoveryServicesClient } from "@azure/arm-recoveryservices";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SiteRecoveryManagementClient } from "@azure/arm-recoveryservices-siterecovery";
import { StorageManagementClient } from "@azure/arm-storage";

const found = JSON.parse(readFileSync(process.argv[2], "utf8"));
const direct = process.argv[3] === "direct";
const who = found.principals.find((entry) => entry.name === "portal");
const authority = direct ? { authorityHost: found.endpoint, disableInstanceDiscovery: true } : {};
const credential = new ClientSecretCredential(found.tenant, who.clientId, who.clientSecret, authority);
const options = direct ? { endpoint: found.endpoint, credentialScopes: [`${found.endpoint}/.default`] } : {};
const subscription = found.subscriptions[0];
const make = (Client) => new Client(credential, subscription, options);
const [compute, network, resources, storage, vaults, asr] = [
  ComputeManagementClient, NetworkManagementClient, ResourceManagementClient, StorageManagementClient,
  RecoveryServicesClient, SiteRecoveryManagementClient,
].map(make);

const [SOURCE, TARGET, GROUP, POLICY, ITEM] = ["eastasia", "southeastasia", "rg-js-asr", "policy-js", "item-js"];
const call = (operations, name, ...rest) =>
  operations[`begin${name[0].toUpperCase()}${name.slice(1)}AndWait`]
    ? operations[`begin${name[0].toUpperCase()}${name.slice(1)}AndWait`](...rest)
    : operations[name](...rest);
const all = async (pages) => {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
};
const property = (item, name) => item[name] ?? item.properties?.[name];
const last = (id) => id.split("/").at(-1);
const groupOf = (id) => id.split("/")[4];
const step = (text) => process.stdout.write(`${text}\n`);

const vault = (await all(vaults.vaults.listBySubscriptionId())).find((entry) => entry.location === TARGET);
const where = [vault.name, groupOf(vault.id)];
const fabric = (region) => `fabric-${region}`;
const container = (region) => `container-${region}`;
const containerId = (region) =>
  `${vault.id}/replicationFabrics/${fabric(region)}/replicationProtectionContainers/${container(region)}`;
const at = (region) => [...where, fabric(region), container(region)];
const groupId = `/subscriptions/${subscription}/resourceGroups/${GROUP}`;

async function targets() {
  await resources.resourceGroups.createOrUpdate(GROUP, { location: TARGET });
  await call(network.virtualNetworks, "createOrUpdate", GROUP, "vnet-js", {
    location: TARGET,
    addressSpace: { addressPrefixes: ["10.88.0.0/16"] },
    subnets: [{ name: "default", addressPrefix: "10.88.0.0/24" }],
  });
  const caches = {};
  for (const region of [SOURCE, TARGET]) {
    const body = { location: region, sku: { name: "Standard_LRS" }, kind: "StorageV2" };
    const made = await call(storage.storageAccounts, "create", GROUP, `jscache${region}`, body);
    caches[region] = made.id;
  }
  return caches;
}

async function foundations(sourceNetwork) {
  for (const region of [SOURCE, TARGET]) {
    await asr.replicationFabrics.beginCreateAndWait(...where, fabric(region), {
      properties: { customDetails: { instanceType: "Azure", location: region } },
    });
    await asr.replicationProtectionContainers.beginCreateAndWait(...at(region), {
      properties: { providerSpecificInput: [{ instanceType: "A2A" }] },
    });
  }
  const policy = await asr.replicationPolicies.beginCreateAndWait(...where, POLICY, {
    properties: {
      providerSpecificInput: {
        instanceType: "A2A", recoveryPointHistory: 1440, crashConsistentFrequencyInMinutes: 5,
        appConsistentFrequencyInMinutes: 60, multiVmSyncStatus: "Enable",
      },
    },
  });
  const networks = { [SOURCE]: sourceNetwork, [TARGET]: `${groupId}/providers/Microsoft.Network/virtualNetworks/vnet-js` };
  for (const [here, there] of [[SOURCE, TARGET], [TARGET, SOURCE]]) {
    await asr.replicationProtectionContainerMappings.beginCreateAndWait(...at(here), `${here}-${there}`, {
      properties: {
        targetProtectionContainerId: containerId(there), policyId: policy.id,
        providerSpecificInput: { instanceType: "A2A", agentAutoUpdateStatus: "Disabled" },
      },
    });
    await asr.replicationNetworkMappings.beginCreateAndWait(...where, fabric(here), "azureNetwork", `${here}-${there}`, {
      properties: {
        recoveryFabricName: fabric(there), recoveryNetworkId: networks[there],
        fabricSpecificDetails: { instanceType: "AzureToAzure", primaryNetworkId: networks[here] },
      },
    });
  }
  return policy.id;
}

const read = (region) => asr.replicationProtectedItems.get(...at(region), ITEM);
async function until(region, state) {
  for (let tries = 0; tries < 120; tries++) {
    const item = await read(region);
    if (item.properties.protectionState === state) return item;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`never became ${state}`);
}
const diskInputs = (ids, staging, group) =>
  ids.map((diskId) => ({ diskId, primaryStagingAzureStorageAccountId: staging, recoveryResourceGroupId: group }));
const disksOf = (machine) => {
  const profile = property(machine, "storageProfile");
  return [profile.osDisk, ...(profile.dataDisks ?? [])].map((disk) => disk.managedDisk.id);
};
const failover = {
  properties: {
    failoverDirection: "PrimaryToRecovery", sourceSiteOperations: "NotRequired",
    providerSpecificDetails: { instanceType: "A2A" },
  },
};

async function reprotect(here, there, policyId, caches, group) {
  const item = await read(here);
  const id = item.properties.providerSpecificDetails.recoveryFabricObjectId;
  const machine = await compute.virtualMachines.get(groupOf(id), last(id));
  await asr.replicationProtectionContainers.beginSwitchProtectionAndWait(...at(here), {
    properties: {
      replicationProtectedItemName: ITEM,
      providerSpecificDetails: {
        instanceType: "A2A", policyId, recoveryContainerId: containerId(here), recoveryResourceGroupId: group,
        vmManagedDisks: diskInputs(disksOf(machine), caches[there], group),
      },
    },
  });
  return until(there, "Protected");
}

const machine = (await all(compute.virtualMachines.listAll())).find((entry) => entry.name === "erp-web-01");
const nicId = property(machine, "networkProfile").networkInterfaces[0].id;
const nic = await network.networkInterfaces.get(groupOf(nicId), last(nicId));
const subnet = property(property(nic, "ipConfigurations")[0], "subnet").id;
const caches = await targets();
step("target resources made");
const policyId = await foundations(subnet.split("/subnets/")[0]);
step("foundations made");

await asr.replicationProtectedItems.beginCreateAndWait(...at(SOURCE), ITEM, {
  properties: {
    policyId,
    providerSpecificDetails: {
      instanceType: "A2A", fabricObjectId: machine.id, recoveryContainerId: containerId(TARGET),
      recoveryResourceGroupId: groupId, vmManagedDisks: diskInputs(disksOf(machine), caches[SOURCE], groupId),
    },
  },
});
await until(SOURCE, "Protected");
step("protected");

const items = asr.replicationProtectedItems;
let item = await items.beginTestFailoverAndWait(...at(SOURCE), ITEM, {
  properties: {
    failoverDirection: "PrimaryToRecovery", networkType: "VmNetworkAsInput",
    networkId: `${groupId}/providers/Microsoft.Network/virtualNetworks/vnet-js`,
    providerSpecificDetails: { instanceType: "A2A" },
  },
});
assert.equal(item.properties.testFailoverState, "WaitingForCompletion");
await items.beginTestFailoverCleanupAndWait(...at(SOURCE), ITEM, { properties: { comments: "done" } });
step("tested and cleaned up");

item = await items.beginUnplannedFailoverAndWait(...at(SOURCE), ITEM, failover);
assert.equal(item.properties.activeLocation, "Recovery");
await items.beginFailoverCommitAndWait(...at(SOURCE), ITEM);
step("failed over and committed");

await reprotect(SOURCE, TARGET, policyId, caches, machine.id.split("/").slice(0, 5).join("/"));
step("re-protected");
await items.beginUnplannedFailoverAndWait(...at(TARGET), ITEM, failover);
await items.beginFailoverCommitAndWait(...at(TARGET), ITEM);
step("failed back");
await reprotect(TARGET, SOURCE, policyId, caches, groupId);

await items.beginDeleteAndWait(...at(SOURCE), ITEM, {
  properties: {
    disableProtectionReason: "NotSpecified",
    replicationProviderInput: { instanceType: "DisableProtectionProviderSpecificInput" },
  },
});
assert.deepEqual(await all(items.list(...where)), []);
const jobs = await all(asr.replicationJobs.list(...where));
assert.ok(jobs.every((job) => job.properties.state.startsWith("Succeeded")));
step(`disabled; ${jobs.length} jobs, all of them succeeded`);
