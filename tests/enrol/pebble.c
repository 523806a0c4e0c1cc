/* See pebble.h. */
#include "pebble.h"

#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SERVER "/usr/bin/pebble"
#define NAMES  "/usr/bin/pebble-challtestsrv"

enum { ACME, MANAGE, WEB, DNS, NAMES_MANAGE };

bool pebble_is_there(void)
{
    return access(SERVER, X_OK) == 0 && access(NAMES, X_OK) == 0;
}

/* What a shell command prints; it must succeed. */
static char *ask(const char *command)
{
    const char *const argv[] = { "sh", "-c", command, NULL };
    char *out = NULL;

    ck_assert_msg(support_command(argv, &out) == 0, "%s: %s", command, out);
    return out;
}

static void make_certificate(void)
{
    char command[1024];

    (void)snprintf(command, sizeof command,
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                   "-subj /CN=pebble -days 2 -addext subjectAltName=IP:127.0.0.1 "
                   "-keyout %s -out %s 2>/dev/null",
                   support_path("pebble.key"), support_path("pebble.pem"));
    free(ask(command));
}

static void write_setup(const struct pebble *p, const struct pebble_setup *setup)
{
    char text[2048];

    (void)snprintf(
        text, sizeof text,
        "{\"pebble\":{\"listenAddress\":\"127.0.0.1:%u\",\"managementListenAddress\":"
        "\"127.0.0.1:%u\",\"certificate\":\"%s\",\"privateKey\":\"%s\",\"httpPort\":%u,"
        "\"tlsPort\":1,\"ocspResponderURL\":\"\",\"externalAccountBindingRequired\":%s,"
        "\"externalAccountMACKeys\":{\"kid-1\":\"" PEBBLE_EAB_KEY "\"}}}",
        p->ports[ACME], p->ports[MANAGE], support_path("pebble.pem"),
        support_path("pebble.key"), p->ports[WEB],
        setup->external_account ? "true" : "false");
    support_write_file(support_path("pebble.json"), text, strlen(text));
}

/* Only the child may see these. */
static void set_environment(const struct pebble_setup *setup)
{
    const struct {
        const char *name;
        const char *value;
    } rows[] = {
        { "PEBBLE_VA_NOSLEEP", "1" },
        { "PEBBLE_WFE_NONCEREJECT", setup->bad_nonces != NULL ? setup->bad_nonces : "0" },
        { "PEBBLE_AUTHZREUSE", setup->reuse != NULL ? setup->reuse : "0" },
        { "PEBBLE_ALTERNATE_ROOTS", setup->roots != NULL ? setup->roots : "0" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(setenv(rows[i].name, rows[i].value, 1), 0);
}

/* False when a process ended, perhaps because its port was taken meanwhile. */
static bool wait_until_open(const struct pebble *p)
{
    static const int ports[] = { ACME, MANAGE, WEB, NAMES_MANAGE };
    const struct timespec nap = { .tv_nsec = 20000000 };

    for (unsigned i = 0; i < 1000; i++) {
        size_t open = 0;

        while (open < sizeof ports / sizeof ports[0] &&
               child_is_open(p->ports[ports[open]]))
            open++;
        if (open == sizeof ports / sizeof ports[0])
            return true;
        if (waitpid(p->server, NULL, WNOHANG) != 0 ||
            waitpid(p->names, NULL, WNOHANG) != 0)
            return false;
        (void)nanosleep(&nap, NULL);
    }
    return false;
}

static void start_names(struct pebble *p)
{
    char dns[32];
    char manage[32];
    char web[32];

    (void)snprintf(dns, sizeof dns, "127.0.0.1:%u", p->ports[DNS]);
    (void)snprintf(manage, sizeof manage, "127.0.0.1:%u", p->ports[NAMES_MANAGE]);
    (void)snprintf(web, sizeof web, "127.0.0.1:%u", p->ports[WEB]);
    const char *const argv[] = { NAMES, "-dns01",      dns,    "-http01",
                                 web,   "-management", manage, "-https01",
                                 "",    "-tlsalpn01",  "",     "-defaultIPv6",
                                 "",    NULL };
    p->names = child_spawn(argv, support_path("names.log"));
}

static void start_server(struct pebble *p)
{
    char dns[32];

    (void)snprintf(dns, sizeof dns, "127.0.0.1:%u", p->ports[DNS]);
    const char *const argv[] = { SERVER,       "-config", support_path("pebble.json"),
                                 "-dnsserver", dns,       NULL };
    p->server = child_spawn(argv, support_path("pebble.log"));
}

void pebble_start(struct pebble *p, const struct pebble_setup *setup)
{
    make_certificate();
    set_environment(setup);
    for (unsigned attempt = 0; attempt < 5; attempt++) {
        child_choose_ports(p->ports, sizeof p->ports / sizeof p->ports[0]);
        (void)snprintf(p->directory, sizeof p->directory, "https://127.0.0.1:%u/dir",
                       p->ports[ACME]);
        write_setup(p, setup);
        start_names(p);
        start_server(p);
        if (wait_until_open(p))
            return;
        pebble_stop(p);
    }
    ck_abort_msg("pebble does not start: %s",
                 support_read_file(support_path("pebble.log"), NULL));
}

void pebble_stop(struct pebble *p)
{
    const pid_t children[] = { p->server, p->names };

    for (size_t i = 0; i < 2; i++) {
        (void)kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
    }
}

void pebble_trust(cmg_context *ctx)
{
    size_t n = 0;
    char *pem = support_read_file(support_path("pebble.pem"), &n);
    cmg_error *err = NULL;

    ck_ok(cmg_context_add_ca_pem(ctx, pem, n, &err), err);
    free(pem);
}

void pebble_show(const struct pebble *p, const cmg_challenge *challenge,
                 const char *value)
{
    const bool dns = strcmp(challenge->type, "dns-01") == 0;
    const bool present = challenge->action == CMG_CHALLENGE_PRESENT;
    char body[1024];
    char command[2048];

    if (dns)
        (void)snprintf(body, sizeof body, "{\"host\":\"%s.\",\"value\":\"%s\"}",
                       challenge->name, value);
    else
        (void)snprintf(body, sizeof body, "{\"token\":\"%s\",\"content\":\"%s\"}",
                       strrchr(challenge->name, '/') + 1, value);
    (void)snprintf(command, sizeof command, "curl -sf -d '%s' http://127.0.0.1:%u/%s",
                   body, p->ports[NAMES_MANAGE],
                   dns ? (present ? "set-txt" : "clear-txt")
                       : (present ? "add-http01" : "del-http01"));
    free(ask(command));
}

void pebble_write_root(const struct pebble *p, unsigned n, const char *path)
{
    char command[1024];

    (void)snprintf(command, sizeof command,
                   "curl -sf --cacert %s https://127.0.0.1:%u/roots/%u -o %s",
                   support_path("pebble.pem"), p->ports[MANAGE], n, path);
    free(ask(command));
}

unsigned pebble_count(const char *text)
{
    size_t n = 0;
    char *log = support_read_file(support_path("pebble.log"), &n);
    unsigned count = 0;

    ck_assert_ptr_nonnull(log);
    for (const char *p = strstr(log, text); p != NULL; p = strstr(p + 1, text))
        count++;
    free(log);
    return count;
}
