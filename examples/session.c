/* See session.h. */
#include "session.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "display.h"

/* How long one of the sandbox's long operations takes. */
enum { OPERATION_MS = 100 };
/* How often its machines are looked at until they run. */
enum { MACHINE_LOOKS = 50 };

enum {
    SANDBOX = 1,
    ASSENT,
    FLAG,
    WAY,
    CLIENT_ID,
    SECRET_FILE,
    CERTIFICATE,
    TOKEN_FILE,
    CA,
    CONNECT_TO,
    PACKAGE,
    PFX
};

static const struct option common[] = {
    { "sandbox", no_argument, NULL, SANDBOX },
    { "yes", no_argument, NULL, ASSENT },
    { "sign-in", required_argument, NULL, WAY },
    { "client-id", required_argument, NULL, CLIENT_ID },
    { "secret-file", required_argument, NULL, SECRET_FILE },
    { "certificate", required_argument, NULL, CERTIFICATE },
    { "token-file", required_argument, NULL, TOKEN_FILE },
    { "ca", required_argument, NULL, CA },
    { "connect-to", required_argument, NULL, CONNECT_TO },
};
enum { COMMON = sizeof common / sizeof common[0], OWN = 3 };

static void print_usage(const char *program, const struct session_usage *usage)
{
    fprintf(stderr, "usage: %s [options]%s%s%s %s\n\n", program,
            usage->flag != NULL ? " [--" : "", usage->flag != NULL ? usage->flag : "",
            usage->flag != NULL ? "]" : "", usage->line);
    if (usage->package != SESSION_PACKAGE_NONE)
        fprintf(stderr, "  --package FILE        the service package%s\n",
                usage->package == SESSION_PACKAGE_KEPT
                    ? "; without it instances keep theirs"
                    : " instead of cmg-service.tar.gz beside this program");
    if (usage->has_pfx)
        fputs("  --pfx FILE            the server certificate, by CMG_PASSWORD\n",
              stderr);
    fprintf(stderr,
            "  --sandbox             an Azure in this process, kept in DIRECTORY/cloud\n"
            "  --sign-in WAY         %.*s\n"
            "                        %s\n"
            "  --client-id ID        the application or identity that signs in\n"
            "  --secret-file FILE    its secret; or in the variable CMG_CLIENT_SECRET\n"
            "  --certificate FILE    its certificate, PFX or PEM, by CMG_PASSWORD\n"
            "  --token-file FILE     its workload token\n"
            "  --ca FILE             trust this authority, too\n"
            "  --connect-to HOST:PORT:ADDRESS:PORT   lead a name elsewhere\n"
            "  --yes                 do not ask before something is changed\n\n"
            "DIRECTORY holds specification.json and all that is kept.\n",
            (int)(strstr(session_ways(), "|cert") + 1 - session_ways()), session_ways(),
            strstr(session_ways(), "|cert") + 1);
}

static cmg_status take(struct session *s, int option, cmg_error **err)
{
    const struct {
        int option;
        const char **where;
    } texts[] = {
        { WAY, &s->way },
        { CLIENT_ID, &s->client_id },
        { SECRET_FILE, &s->secret_file },
        { CERTIFICATE, &s->certificate },
        { TOKEN_FILE, &s->token_file },
        { PACKAGE, &s->package },
        { PFX, &s->pfx },
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].option == option) {
            *texts[i].where = optarg;
            return CMG_OK;
        }
    }
    s->sandboxed = s->sandboxed || option == SANDBOX;
    s->assents = s->assents || option == ASSENT;
    s->flag = s->flag || option == FLAG;
    if (option == CA)
        return cmg_context_add_ca_file(s->ctx, optarg, err);
    if (option == CONNECT_TO)
        return host_connect_to(s->ctx, optarg, err);
    return option == '?' ? CMG_E_INVAL : CMG_OK;
}

/* The common options and the program's own. */
static void list_options(const struct session_usage *usage, struct option *all)
{
    size_t n = COMMON;

    memcpy(all, common, sizeof common);
    if (usage->flag != NULL)
        all[n++] = (struct option){ usage->flag, no_argument, NULL, FLAG };
    if (usage->package != SESSION_PACKAGE_NONE)
        all[n++] = (struct option){ "package", required_argument, NULL, PACKAGE };
    if (usage->has_pfx)
        all[n] = (struct option){ "pfx", required_argument, NULL, PFX };
}

static cmg_status read_options(struct session *s, int argc, char **argv,
                               const struct session_usage *usage, cmg_error **err)
{
    struct option all[COMMON + OWN + 1] = { { 0 } };
    cmg_status rc = CMG_OK;
    int option = 0;

    list_options(usage, all);
    while (rc == CMG_OK && (option = getopt_long(argc, argv, "", all, NULL)) != -1)
        rc = take(s, option, err);
    int given = argc - optind - 1;

    if (rc == CMG_OK && (given < usage->least || given > usage->most))
        rc = CMG_E_INVAL;
    if (rc != CMG_OK) {
        if (*err == NULL)
            print_usage(program_invocation_short_name, usage);
        return rc;
    }
    s->directory = argv[optind];
    s->arguments = argv + optind + 1;
    if (s->way == NULL) {
        bool secret = s->secret_file != NULL || getenv("CMG_CLIENT_SECRET") != NULL;
        s->way = secret ? "secret" : "device-code";
    }
    return CMG_OK;
}

const char *session_path(const struct session *s, const char *name)
{
    static char ring[8][PATH_MAX];
    static unsigned turn;
    char *slot = ring[turn++ % 8];

    snprintf(slot, sizeof ring[0], "%s/%s", s->directory, name);
    return slot;
}

/* An Azure for the tenant and subscription of the specification. Instances run the
   program service_host, which is built beside this one. */
static cmg_status open_sandbox(struct session *s, cmg_error **err)
{
    const char *program = host_beside("service_host");
    const cmg_tenant *tenant = cmg_gateway_tenant(s->gateway);
    const char *id = cmg_tenant_id(tenant);
    const char *subscription = cmg_tenant_subscription_id(tenant);
    const cmg_sandbox_settings settings = {
        .size = sizeof settings,
        .directory = session_path(s, "cloud"),
        .service_program = access(program, X_OK) == 0 ? program : NULL,
        .tenant_id = *id != '\0' ? id : NULL,
        .domain = *cmg_tenant_domain(tenant) != '\0' ? cmg_tenant_domain(tenant) : NULL,
        .subscription_id = *subscription != '\0' ? subscription : NULL,
        .operation_ms = OPERATION_MS,
    };
    cmg_status rc = cmg_sandbox_new(&settings, &s->sandbox, err);

    if (rc == CMG_OK)
        rc = cmg_sandbox_attach(s->sandbox, s->ctx, err);
    if (rc == CMG_OK)
        fprintf(stderr, "sandbox cloud on 127.0.0.1:%u, kept in %s\n",
                (unsigned)cmg_sandbox_port(s->sandbox), settings.directory);
    return rc;
}

cmg_status session_load(struct session *s, const char *json, size_t size, cmg_error **err)
{
    cmg_gateway *gateway = NULL;
    cmg_status rc = cmg_gateway_new_from_json(s->ctx, "specification.json", json, size,
                                              &gateway, err);

    if (rc != CMG_OK)
        return rc;
    cmg_gateway_unref(s->gateway);
    s->gateway = gateway;
    if (s->sandboxed && s->sandbox == NULL)
        rc = open_sandbox(s, err);
    if (rc == CMG_OK)
        rc = session_sign_in(s, err);
    return rc == CMG_OK ? session_give(s, err) : rc;
}

/* In the sandbox the first program begins with the gateway of contoso.json. */
static cmg_status load_specification(struct session *s, cmg_error **err)
{
    const char *path = session_path(s, "specification.json");
    size_t size = 0;
    const bool missing = access(path, F_OK) != 0;
    const bool first = s->sandboxed && missing;

    if (missing && !first) {
        host_complain("it says what gateway is wanted, and is written by hand",
                      "copy examples/contoso.json there and change it; --sandbox does so "
                      "by itself",
                      "%s is missing", path);
        return CMG_E_IO;
    }
    char *json = host_read_file(first ? CONTOSO : path, &size);
    cmg_status rc = json == NULL ? CMG_E_IO : session_load(s, json, size, err);

    if (rc == CMG_OK && first && !host_write_file(path, json, size))
        rc = CMG_E_IO;
    free(json);
    return rc;
}

cmg_status session_open(struct session *s, int argc, char **argv,
                        const struct session_usage *usage, cmg_error **err)
{
    cmg_status rc = cmg_context_new(NULL, &s->ctx, err);

    s->usage = usage;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (rc == CMG_OK)
        rc = read_options(s, argc, argv, usage, err);
    if (rc != CMG_OK)
        return rc;
    host_watch_end(s->ctx);
    if (mkdir(s->directory, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "error: cannot make the directory %s: %s\n", s->directory,
                strerror(errno));
        return CMG_E_IO;
    }
    if (usage->has_authority)
        rc = cmg_authority_open(s->ctx, session_path(s, "authority"),
                                "Contoso CMG authority", &s->authority, err);
    return rc == CMG_OK ? load_specification(s, err) : rc;
}

/* Shows the plan; asks unless --yes was given, or it is only the sandbox. */
static int on_confirm(cmg_deploy *deploy, const char *plan, void *user)
{
    const struct session *s = user;
    char answer[8] = "";

    fputs(plan, stderr);
    if (s->only_looks)
        return cmg_deploy_cancel(deploy, NULL) == CMG_OK ? 0 : 1;
    if (s->assents || s->sandboxed)
        return 0;
    fprintf(stderr, "Go on? [y/N] ");
    if (fgets(answer, sizeof answer, stdin) != NULL && (*answer == 'y' || *answer == 'Y'))
        return 0;
    return cmg_deploy_cancel(deploy, NULL) == CMG_OK ? 0 : 1;
}

cmg_status session_prepare(struct session *s, cmg_deploy_operation operation,
                           cmg_error **err)
{
    cmg_deploy_unref(s->deploy);
    s->deploy = NULL;
    return cmg_deploy_new(s->gateway, operation, &s->deploy, err);
}

cmg_status session_follow(struct session *s, const char *verb, cmg_error **err)
{
    const char *name = cmg_gateway_name(s->gateway);
    const struct display_options options = {
        .out = stderr,
        .name = *name != '\0' ? name : cmg_tenant_domain(cmg_gateway_tenant(s->gateway)),
        .verb = verb,
        .sandbox = s->sandbox != NULL,
        .on_confirm = on_confirm,
        .user = s,
    };

    return display_run(s->ctx, s->deploy, &options, err);
}

cmg_status session_look(struct session *s, cmg_deploy_operation operation,
                        const char *verb, cmg_error **err)
{
    cmg_status rc = session_prepare(s, operation, err);

    return rc == CMG_OK ? session_follow(s, verb, err) : rc;
}

cmg_status session_await_machines(struct session *s, cmg_error **err)
{
    cmg_gateway_status status = { .size = sizeof status, .state = CMG_GATEWAY_STARTING };
    cmg_status rc = CMG_OK;

    for (int i = 0; rc == CMG_OK && s->sandbox != NULL && i < MACHINE_LOOKS &&
                    status.state == CMG_GATEWAY_STARTING;
         i++) {
        rc = session_look(s, CMG_DEPLOY_INSPECT_GATEWAY, "inspect", err);
        if (rc == CMG_OK)
            rc = cmg_gateway_get_status(s->gateway, &status, err);
    }
    return rc;
}

cmg_status session_look_ahead(struct session *s, cmg_deploy_operation operation,
                              const char *verb, cmg_error **err)
{
    const char *journal = session_path(s, "journal");
    cmg_status rc = session_prepare(s, operation, err);

    if (rc == CMG_OK && access(journal, F_OK) == 0)
        rc = cmg_deploy_set_journal_file(s->deploy, journal, err);
    return rc == CMG_OK ? session_follow(s, verb, err) : rc;
}

cmg_status session_run(struct session *s, cmg_deploy_operation operation,
                       const char *verb, cmg_error **err)
{
    cmg_status rc = session_prepare(s, operation, err);

    if (rc == CMG_OK)
        rc = cmg_deploy_set_journal_file(s->deploy, session_path(s, "journal"), err);
    if (rc == CMG_OK)
        rc = session_follow(s, verb, err);
    if (rc != CMG_E_CANCELED || !s->only_looks)
        return rc;
    cmg_error_unref(*err);
    *err = NULL;
    return CMG_OK;
}

void session_print(cmg_bytes *text)
{
    const char *data = cmg_bytes_data(text);
    size_t size = cmg_bytes_size(text);

    fwrite(data, 1, size, stdout);
    if (size == 0 || data[size - 1] != '\n')
        putchar('\n');
    cmg_bytes_unref(text);
}

const char *session_day(int64_t unix_s, char out[16])
{
    const time_t time = (time_t)unix_s;
    struct tm parts;

    if (unix_s == 0 || gmtime_r(&time, &parts) == NULL ||
        strftime(out, 16, "%Y-%m-%d", &parts) == 0)
        snprintf(out, 16, "not known");
    return out;
}

int session_close(struct session *s, cmg_status rc, cmg_error *err)
{
    cmg_deploy_unref(s->deploy);
    cmg_gateway_unref(s->gateway);
    cmg_authority_unref(s->authority);
    cmg_context_unref(s->ctx);
    cmg_sandbox_unref(s->sandbox);
    return rc == CMG_OK ? EXIT_SUCCESS : host_report(rc, err);
}
