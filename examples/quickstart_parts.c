/*
 * What stands around the gateway in the quickstart: the sandbox cloud, certificates,
 * nginx as management point, the connection point's process.
 */
#include "quickstart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

cmg_status quickstart_start_cloud(struct quickstart *q, cmg_error **err)
{
    char program[4096];
    cmg_tenant *tenant = cmg_gateway_tenant(q->gateway);
    const char *tenant_id = cmg_tenant_id(tenant);

    snprintf(program, sizeof program, "%s/service_host", q->programs);
    const cmg_sandbox_settings settings = {
        .size = sizeof settings,
        .directory = quickstart_path(q, "sandbox"),
        .service_program = program,
        .tenant_id = *tenant_id != '\0' ? tenant_id : NULL,
        .domain = *cmg_tenant_domain(tenant) != '\0' ? cmg_tenant_domain(tenant) : NULL,
        .subscription_id = cmg_tenant_subscription_id(tenant),
        .operation_ms = 300,
    };
    cmg_status rc = cmg_sandbox_new(&settings, &q->sandbox, err);

    if (rc == CMG_OK)
        rc = cmg_sandbox_attach(q->sandbox, q->ctx, err);
    if (rc == CMG_OK)
        printf("sandbox cloud on 127.0.0.1:%u, tenant %s\n",
               (unsigned)cmg_sandbox_port(q->sandbox), cmg_sandbox_tenant_id(q->sandbox));
    return rc;
}

/* 32 hexadecimal digits from the system, kept in a file of mode 0600. */
static bool make_password(const char *path, char out[33])
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (int i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return host_write_file(path, out, 32);
}

/* A certificate that a former run has kept, or a fresh one kept for the next run. */
static cmg_status keep_certificate(struct quickstart *q, cmg_profile profile,
                                   const char *name, cmg_certificate **out,
                                   cmg_error **err)
{
    char pfx_name[64];
    char password_name[64];
    char password[33] = "";
    const cmg_certificate_request request = {
        .size = sizeof request, .profile = profile, .common_name = name, .days = 365
    };
    cmg_bytes *pfx = NULL;
    size_t sizes[2] = { 0, 0 };

    snprintf(pfx_name, sizeof pfx_name, "%s.pfx", name);
    snprintf(password_name, sizeof password_name, "%s.password", name);
    const char *pfx_path = quickstart_path(q, pfx_name);
    const char *password_path = quickstart_path(q, password_name);

    if (access(pfx_path, R_OK) == 0) {
        char *data = host_read_file(pfx_path, &sizes[0]);
        char *secret = host_read_file(password_path, &sizes[1]);
        cmg_status rc =
            data != NULL && secret != NULL
                ? cmg_certificate_new_from_pfx(q->ctx, data, sizes[0], secret, out, err)
                : CMG_E_IO;

        host_forget(secret, sizes[1]);
        host_forget(data, sizes[0]);
        return rc;
    }
    cmg_status rc = cmg_authority_issue(q->authority, &request, out, err);

    if (rc == CMG_OK && !make_password(password_path, password))
        rc = CMG_E_IO;
    if (rc == CMG_OK)
        rc = cmg_certificate_export_pfx(*out, CMG_PFX_MODERN, password, &pfx, err);
    if (rc == CMG_OK &&
        !host_write_file(pfx_path, cmg_bytes_data(pfx), cmg_bytes_size(pfx)))
        rc = CMG_E_IO;
    explicit_bzero(password, sizeof password);
    cmg_bytes_unref(pfx);
    return rc;
}

cmg_status quickstart_make_certificates(struct quickstart *q, cmg_error **err)
{
    cmg_status rc = cmg_authority_open(q->ctx, quickstart_path(q, "authority"),
                                       "Contoso CMG authority", &q->authority, err);

    if (rc == CMG_OK)
        rc =
            keep_certificate(q, CMG_PROFILE_CONNECTOR, "connector-1", &q->connector, err);
    if (rc == CMG_OK)
        rc = keep_certificate(q, CMG_PROFILE_CLIENT, "client-1", &q->client, err);
    if (rc == CMG_OK)
        rc = cmg_gateway_set_authority(q->gateway, q->authority, err);
    if (rc == CMG_OK)
        rc = cmg_gateway_add_connector(q->gateway, q->connector, err);
    return rc;
}

/* Waits until a child has written a file; false when it ended or 15 s are over. */
static bool wait_for_file(struct quickstart *q, struct host_child *child,
                          const char *path)
{
    for (int i = 0; i < 300; i++) {
        if (access(path, R_OK) == 0)
            return true;
        if (!host_child_runs(child) || quickstart_turn(q, 50, NULL) != CMG_OK)
            return false;
        usleep(10000);
    }
    return false;
}

/* The host of the first role's URL: "https://mp.corp.contoso.com". */
static void site_host(struct quickstart *q, char *out, size_t size)
{
    const char *url = cmg_gateway_role_url(q->gateway, 0);
    const char *host = strstr(url, "://");

    snprintf(out, size, "%s", host != NULL ? host + 3 : url);
    out[strcspn(out, ":/")] = '\0';
}

bool quickstart_start_site(struct quickstart *q)
{
    char host[256];
    size_t size = 0;
    const char *port_file = quickstart_path(q, "site/port");
    const char *log = quickstart_path(q, "site.log");

    site_host(q, host, sizeof host);
    const char *const argv[] = { "/bin/sh", q->management_point,
                                 quickstart_path(q, "site"), host, NULL };

    unlink(port_file);
    if (!host_spawn(&q->site, argv, log) || !wait_for_file(q, &q->site, port_file)) {
        host_report_child("nginx, the management point, did not start", log);
        return false;
    }
    char *text = host_read_file(port_file, &size);

    snprintf(q->site_port, sizeof q->site_port, "%.5s", text != NULL ? text : "");
    q->site_port[strcspn(q->site_port, "\n")] = '\0';
    free(text);
    printf("management point %s: nginx on 127.0.0.1:%s\n", host, q->site_port);
    return true;
}

/* "host:port:address:port" for a name and port of the sandbox's cloud. */
static cmg_status cloud_address(struct quickstart *q, const char *host, uint16_t port,
                                char *out, size_t size, cmg_error **err)
{
    cmg_address address = { .size = sizeof address };
    cmg_status rc = cmg_sandbox_resolve(q->sandbox, host, port, &address, err);

    if (rc == CMG_OK)
        snprintf(out, size, "%s:%u:%s:%u", host, (unsigned)port, address.address,
                 (unsigned)address.port);
    return rc;
}

static cmg_status write_connector_config(struct quickstart *q, const char *path,
                                         cmg_error **err)
{
    cmg_bytes *config = NULL;
    cmg_status rc = cmg_gateway_connector_config(q->gateway, &config, err);

    if (rc == CMG_OK &&
        !host_write_file(path, cmg_bytes_data(config), cmg_bytes_size(config)))
        rc = CMG_E_IO;
    cmg_bytes_unref(config);
    return rc;
}

/* What the connection point dials at first, and what when that is closed. */
static const unsigned channel_ports[] = { 10140, 10124 };

enum { MOST_INSTANCES = 16, MOST_ADDRESSES = 2 * MOST_INSTANCES, FIXED_ARGS = 15 };

cmg_status quickstart_start_connector(struct quickstart *q, cmg_error **err)
{
    char program[4096];
    char site[512];
    char host[256];
    char count[16];
    char addresses[MOST_ADDRESSES][512];
    uint32_t instances = cmg_gateway_instance_count(q->gateway);
    const char *ready = quickstart_path(q, "connector.ready");
    const char *config = quickstart_path(q, "connector.json");

    site_host(q, host, sizeof host);
    snprintf(site, sizeof site, "%s:0:127.0.0.1:%s", host, q->site_port);
    snprintf(count, sizeof count, "%u", (unsigned)instances);
    snprintf(program, sizeof program, "%s/connector_host", q->programs);
    const char *argv[FIXED_ARGS + 2 * MOST_ADDRESSES + 1] = {
        program,
        "--config",
        config,
        "--pfx",
        quickstart_path(q, "connector-1.pfx"),
        "--password-file",
        quickstart_path(q, "connector-1.password"),
        "--upstream-ca",
        quickstart_path(q, "site/ca.pem"),
        "--ready-file",
        ready,
        "--instances",
        count,
        "--connect-to",
        site,
    };
    cmg_status rc = write_connector_config(q, config, err);

    for (uint32_t i = 0; i < 2 * instances && rc == CMG_OK; i++) {
        argv[FIXED_ARGS + 2 * i] = "--connect-to";
        argv[FIXED_ARGS + 2 * i + 1] = addresses[i];
        rc = cloud_address(q, cmg_gateway_endpoint(q->gateway),
                           (uint16_t)(channel_ports[i % 2] + i / 2), addresses[i],
                           sizeof addresses[i], err);
    }
    if (rc != CMG_OK)
        return rc;
    unlink(ready);
    const char *log = quickstart_path(q, "connector.log");

    if (!host_spawn(&q->dialler, argv, log) || !wait_for_file(q, &q->dialler, ready)) {
        host_report_child("the connection point has no channel to every instance", log);
        return CMG_E_TIMEOUT;
    }
    printf("connection point connector-1: a channel to each of %u instances\n",
           (unsigned)instances);
    return CMG_OK;
}

/* curl's own settings file, so that the password is on no command line. */
static bool write_curl_config(struct quickstart *q, const char *connect_to,
                              const char *path)
{
    size_t size = 0;
    char *password = host_read_file(quickstart_path(q, "client-1.password"), &size);
    char *text = NULL;
    int n = asprintf(&text,
                     "cacert = \"%s\"\ncert-type = \"P12\"\ncert = \"%s:%s\"\n"
                     "connect-to = \"%s\"\n",
                     quickstart_path(q, "authority/ca.pem"),
                     quickstart_path(q, "client-1.pfx"), password != NULL ? password : "",
                     connect_to);
    bool ok = n > 0 && host_write_file(path, text, (size_t)n);

    host_forget(text, n > 0 ? (size_t)n : 0);
    host_forget(password, size);
    return ok;
}

/* A token request as a form in a file, for the same reason. */
static bool write_token_form(struct quickstart *q, const char *path)
{
    char form[1024];
    int n = snprintf(form, sizeof form,
                     "grant_type=client_credentials&client_id=%s&client_secret=%s"
                     "&scope=https%%3A%%2F%%2Fmanagement.azure.com%%2F.default",
                     cmg_sandbox_client_id(q->sandbox),
                     cmg_sandbox_client_secret(q->sandbox));
    bool ok = host_write_file(path, form, (size_t)n);

    explicit_bzero(form, sizeof form);
    return ok;
}

cmg_status quickstart_print_curl(struct quickstart *q, cmg_error **err)
{
    char client[512];
    const char *config = quickstart_path(q, "client.curl");
    const char *form = quickstart_path(q, "cloud.form");
    const char *service = cmg_gateway_service_name(q->gateway);
    cmg_status rc = cloud_address(q, service, 443, client, sizeof client, err);

    if (rc != CMG_OK)
        return rc;
    if (!write_curl_config(q, client, config) || !write_token_form(q, form))
        return CMG_E_IO;
    printf("\ngateway       https://%s (127.0.0.1:%s)\n", service,
           strrchr(client, ':') + 1);
    printf("cloud         https://127.0.0.1:%u\n",
           (unsigned)cmg_sandbox_port(q->sandbox));
    printf("gateway's CA  %s\n", quickstart_path(q, "authority/ca.pem"));
    printf("cloud's CA    %s\n", cmg_sandbox_ca_file(q->sandbox));
    printf("\nFrom another terminal:\n\n  curl --config %s "
           "'https://%s/CCM_Proxy_MutualAuth/%s/SMS_MP/.sms_aut?SITESIGNCERT'\n",
           config, service, cmg_gateway_role_id(q->gateway, 0));
    printf("\n  curl --cacert %s --data @%s https://localhost:%u/%s/oauth2/v2.0/token\n",
           cmg_sandbox_ca_file(q->sandbox), form, (unsigned)cmg_sandbox_port(q->sandbox),
           cmg_sandbox_tenant_id(q->sandbox));
    return CMG_OK;
}
