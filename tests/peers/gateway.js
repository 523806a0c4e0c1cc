/*
 * Azure's management clients for Node and the one for blobs, one case a run:
 * node gateway.js CASE READY-FILE. Prints what came of it as one line of JSON; judging it
 * is the Python test's.
 */
'use strict';

const fs = require('node:fs');
const { ComputeManagementClient } = require('@azure/arm-compute');
const { NetworkManagementClient } = require('@azure/arm-network');
const { ResourceManagementClient } = require('@azure/arm-resources');
const { ClientSecretCredential } = require('@azure/identity');
const { BlobServiceClient, StorageSharedKeyCredential } = require('@azure/storage-blob');

const facts = JSON.parse(fs.readFileSync(process.argv[3], 'utf8'));
const credential = new ClientSecretCredential(
  facts.tenant_id, facts.client_id, facts.client_secret,
  { authorityHost: facts.base, disableInstanceDiscovery: true });
const make = (Client) => new Client(credential, facts.subscription_id, {
  endpoint: facts.base,
  credentialScopes: ['https://management.azure.com/.default'],
});

async function all(pages) {
  const found = [];
  for await (const one of pages)
    found.push(one);
  return found;
}

async function resources() {
  const client = make(ResourceManagementClient);
  const deployments = await all(client.deployments.listByResourceGroup(facts.group));
  const operations = await all(
    client.deploymentOperations.list(facts.group, deployments[0].name));
  return {
    groups: (await all(client.resourceGroups.list())).map((g) => g.name),
    exists: (await client.resourceGroups.checkExistence(facts.group)).body,
    types: (await all(client.resources.listByResourceGroup(facts.group))).map((r) => r.type),
    deployments: deployments.map((d) => d.properties.provisioningState),
    operations: operations.map(({ properties: p }) => ({
      state: p.provisioningState,
      code: p.statusCode,
      duration: p.duration,
      type: p.targetResource.resourceType,
      time: p.timestamp.toISOString(),
    })),
  };
}

async function machines() {
  const { virtualMachineScaleSets: sets, virtualMachineScaleSetVMs: vms } =
    make(ComputeManagementClient);
  const [set] = await all(sets.list(facts.group));
  const one = await sets.get(facts.group, set.name);
  const view = await sets.getInstanceView(facts.group, set.name);
  const instances = await all(vms.list(facts.group, set.name, { expand: 'instanceView' }));
  return {
    capacity: one.sku.capacity,
    size: one.sku.name,
    state: one.provisioningState,
    secrets: one.virtualMachineProfile.osProfile.adminPassword ?? null,
    summary: view.virtualMachine.statusesSummary.map((s) => [s.code, s.count]),
    power: instances.map((i) => i.instanceView.statuses.map((s) => s.code)),
    ids: instances.map((i) => i.instanceId),
  };
}

/* By somebody else than the library: each change is followed to its end, and looked at. */
async function operations() {
  const { virtualMachineScaleSets: sets, virtualMachineScaleSetVMs: vms } =
    make(ComputeManagementClient);
  const [set] = await all(sets.list(facts.group));
  const power = async () => (await all(vms.list(facts.group, set.name, { expand: 'instanceView' })))
    .map((i) => i.instanceView.statuses.map((s) => s.code).find((c) => c.startsWith('PowerState/')));
  const scaled = await sets.beginUpdateAndWait(facts.group, set.name,
    { sku: { name: set.sku.name, tier: set.sku.tier, capacity: 3 } });
  const more = (await power()).length;
  await sets.beginDeallocateAndWait(facts.group, set.name);
  const released = await power();
  await sets.beginStartAndWait(facts.group, set.name);
  const started = await power();
  await sets.beginRestartAndWait(facts.group, set.name);
  const restarted = await power();
  await sets.beginUpdateAndWait(facts.group, set.name,
    { sku: { name: set.sku.name, tier: set.sku.tier, capacity: 2 } });
  return {
    capacity: scaled.sku.capacity, state: scaled.provisioningState, more,
    released, started, restarted, left: (await power()).length,
  };
}

async function network() {
  const client = make(NetworkManagementClient);
  const addresses = await all(client.publicIPAddresses.list(facts.group));
  const [balancer] = await all(client.loadBalancers.list(facts.group));
  const one = await client.loadBalancers.get(facts.group, balancer.name);
  return {
    names: addresses.filter((a) => a.dnsSettings).map((a) => a.dnsSettings.fqdn),
    sku: one.sku.name,
    state: one.provisioningState,
    rules: one.loadBalancingRules.map((r) => [r.frontendPort, r.backendPort]),
    probes: one.probes.map((p) => p.port),
  };
}

/* Long-running operations are followed to their end. */
async function life() {
  const { publicIPAddresses: addresses } = make(NetworkManagementClient);
  const made = await addresses.beginCreateOrUpdateAndWait(facts.group, 'by-node', {
    location: 'westeurope',
    sku: { name: 'Standard' },
    publicIPAllocationMethod: 'Static',
  });
  await addresses.beginDeleteAndWait(facts.group, 'by-node');
  const gone = await addresses.get(facts.group, 'by-node').catch((e) => [e.statusCode, e.code]);
  return { state: made.provisioningState, address: made.ipAddress, gone };
}

/* A deployment of its own, from the look at it to its end. */
async function deployment() {
  const client = make(ResourceManagementClient);
  const { deployments, deploymentOperations: operations, resourceGroups: groups } = client;
  await groups.createOrUpdate('by-node', { location: 'westeurope', tags: { by: 'node' } });
  const wish = { properties: {
    mode: 'Incremental',
    template: {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [{
        type: 'Microsoft.Network/networkSecurityGroups', apiVersion: '2024-01-01',
        name: 'made', location: '[resourceGroup().location]', properties: { securityRules: [] },
      }],
    },
  } };
  const valid = await deployments.beginValidateAndWait('by-node', 'one', wish);
  const plan = await deployments.beginWhatIfAndWait('by-node', 'one', wish);
  const made = await deployments.beginCreateOrUpdateAndWait('by-node', 'one', wish);
  const list = await all(operations.list('by-node', 'one'));
  const late = await deployments.cancel('by-node', 'one').catch((e) => [e.statusCode, e.code]);
  await deployments.beginDeleteAndWait('by-node', 'one');
  const record = (await deployments.checkExistence('by-node', 'one')).body;
  const left = (await all(client.resources.listByResourceGroup('by-node'))).map((r) => r.name);
  await groups.beginDeleteAndWait('by-node');
  return {
    valid: valid.properties.provisioningState,
    plan: plan.changes.map((c) => c.changeType),
    made: made.properties.provisioningState,
    targets: list.map((o) => o.properties.targetResource?.resourceName).filter(Boolean),
    late, record, left,
    exists: (await groups.checkExistence('by-node')).body,
  };
}

async function blobs() {
  const key = new StorageSharedKeyCredential(facts.blob_account, facts.blob_key);
  const container = new BlobServiceClient(facts.blob_url, key).getContainerClient('by-node');
  await container.create();
  const blob = container.getBlockBlobClient('folder/naïve name.txt');
  const text = 'hello\n'.repeat(1000);
  await blob.upload(text, text.length, { metadata: { kind: 'test' } });
  const blocks = container.getBlockBlobClient('blocks');
  await blocks.uploadData(Buffer.alloc(300000, 'x'), { blockSize: 100000, maxSingleShotSize: 1 });
  const told = await blob.getProperties();
  const back = await blob.downloadToBuffer();
  const part = await blob.download(6, 5);
  const again = await blob.upload(text, text.length, { conditions: { ifNoneMatch: '*' } })
    .catch((e) => [e.statusCode, e.code]);
  const names = (await all(container.listBlobsFlat())).map((b) => [b.name, b.properties.contentLength]);
  const folders = [];
  for await (const item of container.listBlobsByHierarchy('/'))
    folders.push([item.kind, item.name]);
  await blob.delete();
  const gone = await blob.download().catch((e) => [e.statusCode, e.code]);
  await container.delete();
  return {
    metadata: told.metadata,
    same: back.toString() === text,
    part: (await streamed(part.readableStreamBody)).toString(),
    again, names, folders, gone,
  };
}

async function streamed(stream) {
  const chunks = [];
  for await (const chunk of stream)
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

const cases = { resources, machines, operations, network, life, deployment, blobs };

/* What of an error a program would look at. */
function told({ name, message, statusCode, code }) {
  return { name, message, statusCode, code };
}

cases[process.argv[2]]()
  .then((value) => ({ value }), (error) => ({ error: told(error) }))
  .then((outcome) => console.log(JSON.stringify(outcome)));
