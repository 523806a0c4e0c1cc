/*
 * Microsoft's clients for Node against the sandbox, one case a run:
 * node clients.js CASE READY-FILE. Prints what came of it as one line of JSON; judging it
 * is the Python test's.
 */
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const identity = require('@azure/identity');
const msal = require('@azure/msal-node');
const graph = require('@microsoft/microsoft-graph-client');

const facts = JSON.parse(fs.readFileSync(process.argv[3], 'utf8'));
const host = new URL(facts.base).host;
const GRAPH = ['https://graph.microsoft.com/.default'];
const ARM = ['https://management.azure.com/.default'];
const AZURE_CLI = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

/* ---- msal-node ---- */

function authority(clientId, tenant = facts.tenant_id) {
  return { clientId, authority: `${facts.base}/${tenant}`, knownAuthorities: [host] };
}

function confidential(clientSecret, tenant = facts.tenant_id, more = {}) {
  return new msal.ConfidentialClientApplication({
    auth: { ...authority(facts.client_id, tenant), clientSecret },
    ...more,
  });
}

function publicClient() {
  return new msal.PublicClientApplication({ auth: authority(AZURE_CLI) });
}

async function msalSecret() {
  const client = confidential(facts.client_secret);
  const first = await client.acquireTokenByClientCredential({ scopes: GRAPH });
  const second = await client.acquireTokenByClientCredential({ scopes: GRAPH });
  return {
    type: first.tokenType,
    seconds: (first.expiresOn - Date.now()) / 1000,
    same: first.accessToken === second.accessToken,
    fromCache: [first.fromCache, second.fromCache],
  };
}

/* Signs RS256 by one thumbprint, PS256 by the other. */
async function msalCertificate() {
  const der = new crypto.X509Certificate(facts.client_cert_pem).raw;
  const by = (name, hash) => new msal.ConfidentialClientApplication({
    auth: {
      ...authority(facts.client_id),
      clientCertificate: {
        [name]: crypto.createHash(hash).update(der).digest('hex'),
        privateKey: facts.client_cert_key,
      },
    },
  });
  const types = [];
  for (const [name, hash] of [['thumbprint', 'sha1'], ['thumbprintSha256', 'sha256']]) {
    const token = await by(name, hash).acquireTokenByClientCredential({ scopes: GRAPH });
    types.push(token.tokenType);
  }
  return { types };
}

async function msalOidc() {
  const client = confidential(facts.client_secret, `${facts.tenant_id}/v2.0`,
    { system: { protocolMode: 'OIDC' } });
  const token = await client.acquireTokenByClientCredential({ scopes: GRAPH });
  return { type: token.tokenType };
}

async function msalWrongSecret() {
  await confidential('wrong').acquireTokenByClientCredential({ scopes: GRAPH });
}

async function msalUnknownTenant() {
  await confidential(facts.client_secret, 'fabrikam.com')
    .acquireTokenByClientCredential({ scopes: GRAPH });
}

async function msalDevice() {
  const client = publicClient();
  let prompt;
  const token = await client.acquireTokenByDeviceCode({
    scopes: GRAPH,
    deviceCodeCallback: (response) => { prompt = response; },
  });
  const silent = await client.acquireTokenSilent({ account: token.account, scopes: ARM });
  return {
    prompt: prompt.message.includes(prompt.userCode),
    user: token.account.username,
    tenant: token.account.tenantId,
    scopes: silent.scopes,
    other: silent.accessToken !== token.accessToken,
  };
}

/* ---- @azure/identity ---- */

const here = { authorityHost: facts.base, disableInstanceDiscovery: true };

function credential(secret = facts.client_secret, tenant = facts.tenant_id) {
  return new identity.ClientSecretCredential(tenant, facts.client_id, secret, here);
}

async function identitySecret() {
  const client = credential();
  const tokens = [await client.getToken(GRAPH), await client.getToken(ARM)];
  return {
    seconds: tokens.map((t) => (t.expiresOnTimestamp - Date.now()) / 1000),
    different: tokens[0].token !== tokens[1].token,
  };
}

async function identityDevice() {
  const client = new identity.DeviceCodeCredential({
    tenantId: facts.tenant_id,
    clientId: AZURE_CLI,
    userPromptCallback: () => {},
    ...here,
  });
  return { token: (await client.getToken(GRAPH)).token.length > 0 };
}

async function identityCertificate() {
  const certificate = facts.client_cert_key + facts.client_cert_pem;
  const tokens = [];
  for (const sendCertificateChain of [false, true]) {
    const client = new identity.ClientCertificateCredential(
      facts.tenant_id, facts.client_id, { certificate }, { sendCertificateChain, ...here });
    tokens.push((await client.getToken(GRAPH)).token);
  }
  return { claims: tokens.map((t) => JSON.parse(Buffer.from(t.split('.')[1], 'base64url'))) };
}

async function identityWrongSecret() {
  await credential('wrong').getToken(GRAPH);
}

async function identityUnknownTenant() {
  await credential(facts.client_secret, 'fabrikam.com').getToken(GRAPH);
}

/* ---- graph client ---- */

async function asApplication() {
  const token = await confidential(facts.client_secret)
    .acquireTokenByClientCredential({ scopes: GRAPH });
  return token.accessToken;
}

async function asUser() {
  const token = await publicClient()
    .acquireTokenByDeviceCode({ scopes: GRAPH, deviceCodeCallback: () => {} });
  return token.accessToken;
}

function graphClient(getAccessToken = asApplication) {
  return graph.Client.initWithMiddleware({
    authProvider: { getAccessToken },
    baseUrl: `${facts.base}/`,
    customHosts: new Set(['localhost']), /* no token leaves for another host */
  });
}

async function graphUser() {
  return graphClient(asUser).api('/me').get();
}

async function graphLife() {
  const client = graphClient();
  const app = await client.api('/applications').post({ displayName: 'By node' });
  const path = `/applications/${app.id}`;
  await client.api(path).patch({ displayName: 'Renamed', tags: ['one'] });
  const read = await client.api(path).select('displayName,tags').get();
  const secret = await client.api(`${path}/addPassword`)
    .post({ passwordCredential: { displayName: 'one' } });
  const principal = await client.api('/servicePrincipals').post({ appId: app.appId });
  const signedIn = await new msal.ConfidentialClientApplication({
    auth: { ...authority(app.appId), clientSecret: secret.secretText },
  }).acquireTokenByClientCredential({ scopes: GRAPH });
  await client.api(path).delete();
  const gone = await client.api(path).get().catch((e) => e.statusCode);
  const deleted = await client.api('/directory/deletedItems/microsoft.graph.application').get();
  await client.api(`/directory/deletedItems/${app.id}/restore`).post({});
  const back = await client.api(`/applications(appId='${app.appId}')`).get();
  await client.api(path).delete();
  await client.api(`/directory/deletedItems/${app.id}`).delete();
  return {
    app, read, gone, principal,
    signedIn: signedIn.accessToken.length > 0,
    deleted: deleted.value.map((a) => a.id),
    back: back.id,
  };
}

async function graphUpsert() {
  const client = graphClient();
  const upsert = () => client.api("/applications(uniqueName='libcmg-node')")
    .header('Prefer', 'create-if-missing').patch({ displayName: 'Once' });
  const made = await upsert();
  await upsert();
  const found = await client.api('/applications').filter("uniqueName eq 'libcmg-node'").get();
  return { made: made.id, found: found.value.map((a) => a.id) };
}

async function graphPages() {
  const client = graphClient();
  for (let i = 0; i < 5; i += 1)
    await client.api('/applications').post({ displayName: `Page ${i}` });
  const first = await client.api('/applications').top(2)
    .filter("startswith(displayName,'Page')").select('displayName').get();
  const names = [];
  await new graph.PageIterator(client, first, (app) => names.push(app.displayName) > 0).iterate();
  return { first: first.value.length, names };
}

/* The client keeps the path of an address as it is; in a batch it is below the version. */
/* Follows the links of a delta query to its end; which users came, and the last link. */
async function walk(client, start) {
  const seen = new Set();
  let page = await client.api(start).get();
  for (;;) {
    page.value.forEach((user) => seen.add(user.id));
    if (page['@odata.deltaLink'])
      return { seen: [...seen], link: page['@odata.deltaLink'] };
    page = await client.api(page['@odata.nextLink']).get();
  }
}

async function graphDelta() {
  const client = graphClient();
  const all = await walk(client, '/users/delta?$select=id,displayName');
  const later = await walk(client, all.link);
  const list = await client.api('/users').top(100).select('id').get();
  const listed = [];
  await new graph.PageIterator(client, list, (user) => listed.push(user.id) > 0).iterate();
  return { users: all.seen.length, later: later.seen.length, listed: listed.length };
}

async function graphBatch() {
  const content = new graph.BatchRequestContent([
    { id: '1', request: new Request(`${facts.base}/organization`) },
    { id: '2', request: new Request(`${facts.base}/applications/none`) },
  ]);
  const answer = await graphClient().api('/$batch').post(await content.getContent());
  const responses = new graph.BatchResponseContent(answer);
  const [one, two] = ['1', '2'].map((id) => responses.getResponseById(id));
  return { tenant: (await one.json()).value[0].id, missing: two.status };
}

async function graphMissing() {
  await graphClient().api('/applications/00000000-0000-0000-0000-000000000000').get();
}

/* ---- */

const cases = {
  msalSecret, msalCertificate, msalOidc, msalWrongSecret, msalUnknownTenant, msalDevice,
  identitySecret, identityCertificate, identityDevice, identityWrongSecret,
  identityUnknownTenant,
  graphUser, graphLife, graphUpsert, graphPages, graphDelta, graphBatch, graphMissing,
};

/* What of an error a program would look at. */
function told(error) {
  const { name, message, errorCode, errorNo, statusCode, code, requestId, correlationId } = error;
  return { name, message, errorCode, errorNo, statusCode, code, requestId, correlationId };
}

cases[process.argv[2]]()
  .then((value) => ({ value }), (error) => ({ error: told(error) }))
  .then((outcome) => console.log(JSON.stringify(outcome)));
