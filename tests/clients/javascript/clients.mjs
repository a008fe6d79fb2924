// The official SDKs' clients, signed in. The argument is one JSON object: tenant, clientId, secret, subscription and endpoint;
// without an endpoint they are as in production, and HTTPS_PROXY leads them to the simulator.
import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import { RecoveryServicesClient } from "@azure/arm-recoveryservices";
import { SiteRecoveryManagementClient } from "@azure/arm-recoveryservices-siterecovery";
import { ResourceManagementClient } from "@azure/arm-resources";
import { StorageManagementClient } from "@azure/arm-storage";
import { ClientSecretCredential } from "@azure/identity";

const given = JSON.parse(process.argv[2]);
const { endpoint, tenant, clientId, secret } = given;
const authority = endpoint ? { authorityHost: endpoint, disableInstanceDiscovery: true } : {};
const options = endpoint ? { endpoint, credentialScopes: [`${endpoint}/.default`] } : {};
const credential = new ClientSecretCredential(tenant, clientId, secret, authority);
const make = (Client) => new Client(credential, given.subscription, options);

export const subscription = given.subscription;
export const compute = make(ComputeManagementClient);
export const network = make(NetworkManagementClient);
export const resources = make(ResourceManagementClient);
export const storage = make(StorageManagementClient);
export const vaults = make(RecoveryServicesClient);
export const siteRecovery = make(SiteRecoveryManagementClient);

/** Everything of a paged list, page after page. */
export async function all(pages) {
  const found = [];
  for await (const entry of pages) found.push(entry);
  return found;
}

/** The vault in Southeast Asia, and where it is: name and group, the first arguments of most of Site Recovery's calls. */
export async function theVault() {
  const vault = (await all(vaults.vaults.listBySubscriptionId())).find((entry) => entry.location === "southeastasia");
  return { id: vault.id, where: [vault.name, groupOf(vault.id)] };
}

/** What Azure said when it refused: [status, code]; the call must fail. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return [error.statusCode, error.code ?? error.details?.error?.code];
  }
  throw new Error("this was not refused");
}

export const lastOf = (id) => id.split("/").at(-1);
export const groupOf = (id) => id.split("/")[4];
export const report = (found) => process.stdout.write(JSON.stringify(found));
