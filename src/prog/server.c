/* SPDX-License-Identifier: Apache-2.0
 * server.c - `handfast server`: TLS from clients that prove who they are, plain to the service behind. */
#include "prog/commands.h"
#include "prog/loop.h"

static const struct opt options[] = {
    {NULL, OPT_HEADING, 0, NULL, "Where", NULL, NULL},
    {"listen", OPT_TEXT, SETTINGS_AT(listen), "ADDR", "where clients come in: HOST:PORT, [IPv6]:PORT, :PORT, unix:PATH",
     NULL, NULL},
    {"target", OPT_TEXT, SETTINGS_AT(target), "ADDR", "the service behind: HOST:PORT, [IPv6]:PORT, unix:PATH", NULL,
     NULL},
    {NULL, OPT_HEADING, 0, NULL, "Who we are", NULL, NULL},
    OPT_ROW_CERT,
    OPT_ROW_KEY,
    OPT_ROW_KEYSTORE,
    OPT_ROW_RAW_KEY,
    OPT_ROW_PASS,
    OPT_ROW_STAPLE,
    {NULL, OPT_HEADING, 0, NULL,
     "Who may come in, by what is proven of him; at least one of these is needed.\nIn a name * stands for one label or "
     "segment, ** for several; an option may be given again",
     NULL, NULL},
    OPT_ROWS_RULES("allow-", SETTINGS_AT(rules), "a client"),
    {"allow-all", OPT_FLAG, SETTINGS_AT(rules.all), NULL, "every client whose certificate is valid", NULL, NULL},
    {"rules", OPT_TEXT, SETTINGS_AT(rules.file), "FILE",
     "rules that allow and deny, with all fields; they are asked\nbefore the options above, and read again when "
     "changed",
     NULL, NULL},
    {"disable-authentication", OPT_FLAG, SETTINGS_AT(disable_auth), NULL,
     "anybody: no client is asked for a certificate", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "One certificate, one place", NULL, NULL},
    OPT_ROWS_PLACE(SETTINGS_AT(places)),
    OPT_ROWS_STORE(SETTINGS_AT(store)),
    {NULL, OPT_HEADING, 0, NULL, "Who may vouch for clients", NULL, NULL},
    {"cacert", OPT_MANY, SETTINGS_AT(cacerts), "FILE", "CA certificates that may vouch for clients; may be given again",
     NULL, NULL},
    {"pin", OPT_MANY, SETTINGS_AT(pins), "FILE",
     "this very client certificate may come in, whoever\nissued it; may be given again", NULL, NULL},
    {"pin-key", OPT_MANY, SETTINGS_AT(pin_keys), "FILE",
     "clients that show one of these raw public keys (PEM) in\nplace of a certificate may come in; may be given again",
     NULL, NULL},
    OPT_ROW_CRL,
    OPT_ROW_REQUIRE_STAPLE,
    OPT_ROWS_STRICT,
    {"client-auth", OPT_CHOICE, SETTINGS_AT(client_auth), "required|optional",
     "optional: a client without certificate may come in\ntoo (required)", NULL, NULL},
    {"ca-names", OPT_TEXT, SETTINGS_AT(ca_names), "from-trust|none|FILE",
     "the CA names that clients are told, a hint to choose\ntheir certificate by: those of --cacert, none, or\nthe "
     "subjects of FILE (from-trust)",
     NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "What the service is told of the client", NULL, NULL},
    {"proxy-protocol", OPT_FLAG, SETTINGS_AT(proxy_protocol), NULL,
     "a PROXY protocol header, version 2, in front of what\nthe client says", NULL, NULL},
    {"proxy-protocol-mode", OPT_CHOICE, SETTINGS_AT(proxy_mode), "conn|tls|tls-full",
     "with the addresses only, with TLS too, or with the\ncertificate too (tls-full)", NULL, NULL},
    {"http-headers", OPT_CHOICE, SETTINGS_AT(http_headers), "rfc9440|xfcc",
     "the certificate in each HTTP/1.1 request: Client-Cert,\nor X-Forwarded-Client-Cert; what the client itself sends "
     "of\nthem is taken out, and requests that can be read in two\nways are refused",
     NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "TLS", NULL, NULL},
    {"alpn", OPT_TEXT, SETTINGS_AT(alpn), "LIST", "application protocols, best first: h2,http/1.1", NULL, NULL},
    OPT_ROW_COMPRESS,
    OPT_ROW_TLS_MIN,
    OPT_ROW_TLS_MAX,
    {"ticket-keys", OPT_TEXT, SETTINGS_AT(ticket_keys), "FILE",
     "keys of session tickets, 64 hexadecimal digits a line, the\nfirst seals: for several processes that serve one "
     "name;\nread again when it changes (a random key, renewed)",
     NULL, NULL},
    {"no-tickets", OPT_FLAG, SETTINGS_AT(no_tickets), NULL, "every handshake is a full one", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Times and threads", NULL, NULL},
    {"handshake-timeout", OPT_MS, SETTINGS_AT(handshake_ms), "TIME", "a client must be proven within it (10s)", NULL,
     NULL},
    {"connect-timeout", OPT_MS, SETTINGS_AT(connect_ms), "TIME", "the service must accept within it (10s)", NULL, NULL},
    {"shutdown-timeout", OPT_MS, SETTINGS_AT(shutdown_ms), "TIME",
     "how long open connections may go on after SIGTERM (5m)", NULL, NULL},
    {"threads", OPT_COUNT, SETTINGS_AT(threads), "N", "event loops (one per core)", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Telling", NULL, NULL},
    OPT_ROW_LOG,
    {"explain", OPT_TEXT, SETTINGS_AT(diary), "FILE",
     "keep the trace of each refused connection, to be shown\nby handfast explain --trace FILE; - is stdout", NULL,
     NULL},
    {"explain-keep", OPT_COUNT, SETTINGS_AT(diary_keep), "N", "how many: the last N to 2N of them (100)", NULL, NULL},
    OPT_ROW_STATUS,
    OPT_ROW_KEYLOG,
    OPT_ROW_STOREPASS,
    {0},
};

static const struct command command = {
    .name  = "server",
    .brief = "TLS from clients that prove who they are, plain to a service behind",
    .usage = "--listen ADDR --target ADDR --cert FILE --key FILE --cacert FILE --allow-... [options]",
    .about = "The service hears nothing of a client before its certificate and its key are proven. A client that is\n"
             "refused gets an alert that says so, and the log says which check refused it and what to do.",
    .opts  = options,
    .examples =
        "  handfast server --listen :8443 --target 127.0.0.1:8080 \\\n"
        "      --cert server.pem --key server.key --cacert clients-ca.pem --allow-uri 'spiffe://example.org/web/*'\n"
        "  handfast server --listen :8443 --target unix:/run/app.sock --keystore server.p12 --pass file:pass.txt \\\n"
        "      --pin alice.pem --allow-all --log json\n",
};

int server_main(int argc, char **argv)
{
    struct settings s = {.role            = HF_SERVER,
                         .shutdown_ms     = 300000,
                         .handshake_ms    = 10000,
                         .connect_ms      = 10000,
                         .places.grace_ms = -1,
                         .store.ttl_ms    = -1};
    switch (opt_parse(&command, argc, argv, &s, NULL)) {
    case OPT_HELPED:
        return EXIT_OK;
    case OPT_WRONG:
        return EXIT_WRONG;
    case OPT_RUN:
        break;
    }
    return gate_main(&s, &command);
}
