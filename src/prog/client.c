/* SPDX-License-Identifier: Apache-2.0
 * client.c - `handfast client`: plain from local programs, TLS with our certificate to a server. */
#include "prog/commands.h"
#include "prog/loop.h"

static const struct opt options[] = {
    {NULL, OPT_HEADING, 0, NULL, "Where", NULL, NULL},
    {"listen", OPT_TEXT, SETTINGS_AT(listen), "ADDR",
     "where local programs come in: HOST:PORT, [IPv6]:PORT,\nunix:PATH; keep it on this host", NULL, NULL},
    {"target", OPT_TEXT, SETTINGS_AT(target), "ADDR", "the TLS server: HOST:PORT, [IPv6]:PORT, unix:PATH", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Who we are", NULL, NULL},
    OPT_ROW_CERT,
    OPT_ROW_KEY,
    OPT_ROW_KEYSTORE,
    OPT_ROW_RAW_KEY,
    OPT_ROW_PASS,
    OPT_ROW_STAPLE,
    {"disable-authentication", OPT_FLAG, SETTINGS_AT(disable_auth), NULL, "nobody: no certificate is presented", NULL,
     NULL},
    {NULL, OPT_HEADING, 0, NULL, "Who the server must be", NULL, NULL},
    {"cacert", OPT_MANY, SETTINGS_AT(cacerts), "FILE", "CA certificates that may vouch for it; may be given again",
     NULL, NULL},
    {"pin", OPT_MANY, SETTINGS_AT(pins), "FILE", "or this very certificate, whoever issued it; may be\ngiven again",
     NULL, NULL},
    {"pin-key", OPT_MANY, SETTINGS_AT(pin_keys), "FILE",
     "or one of these raw public keys (PEM) in place of a\ncertificate; may be given again", NULL, NULL},
    OPT_ROW_CRL,
    OPT_ROW_REQUIRE_STAPLE,
    OPT_ROWS_STRICT,
    {"server-name", OPT_TEXT, SETTINGS_AT(server_name), "NAME",
     "the name to ask for and to find in its certificate\n(the host of --target, which is only asked for "
     "when\n--verify-... says who it is)",
     NULL, "override-server-name"},
    OPT_ROWS_RULES("verify-", SETTINGS_AT(rules), "only a server"),
    {NULL, OPT_HEADING, 0, NULL, "TLS", NULL, NULL},
    {"alpn", OPT_TEXT, SETTINGS_AT(alpn), "LIST", "application protocols, best first: h2,http/1.1", NULL, NULL},
    OPT_ROW_COMPRESS,
    OPT_ROW_TLS_MIN,
    OPT_ROW_TLS_MAX,
    {NULL, OPT_HEADING, 0, NULL, "Times and threads", NULL, NULL},
    {"handshake-timeout", OPT_MS, SETTINGS_AT(handshake_ms), "TIME", "the handshake must be over within it (10s)", NULL,
     NULL},
    {"connect-timeout", OPT_MS, SETTINGS_AT(connect_ms), "TIME", "the server must accept within it (10s)", NULL, NULL},
    {"shutdown-timeout", OPT_MS, SETTINGS_AT(shutdown_ms), "TIME",
     "how long open connections may go on after SIGTERM (5m)", NULL, NULL},
    {"threads", OPT_COUNT, SETTINGS_AT(threads), "N", "event loops (one per core)", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Telling", NULL, NULL},
    OPT_ROW_LOG,
    OPT_ROW_STATUS,
    OPT_ROW_KEYLOG,
    OPT_ROW_STOREPASS,
    {0},
};

static const struct command command = {
    .name  = "client",
    .brief = "plain from local programs, TLS with a certificate to a server",
    .usage = "--listen ADDR --target ADDR --cert FILE --key FILE --cacert FILE [options]",
    .about =
        "Programs that cannot speak TLS reach the server through this: whoever connects to --listen speaks with our\n"
        "certificate. With several --cert/--key pairs the one that fits what the server asks for is presented. A\n"
        "refusal by the server comes after our handshake is over (TLS 1.3): the log tells it, and the local\n"
        "connection is reset.",
    .opts     = options,
    .examples = "  handfast client --listen 127.0.0.1:8080 --target service.example:8443 \\\n"
                "      --cert alice.pem --key alice.key --cacert servers-ca.pem\n",
};

int client_main(int argc, char **argv)
{
    struct settings s = {
        .role = HF_CLIENT, .resumes = true, .shutdown_ms = 300000, .handshake_ms = 10000, .connect_ms = 10000};
    switch (opt_parse(&command, argc, argv, &s, NULL)) {
    case OPT_HELPED:
        return EXIT_OK;
    case OPT_WRONG:
        return EXIT_WRONG;
    case OPT_RUN:
        break;
    }
    if (s.n_creds == 0 && !s.disable_auth) {
        opt_complain(&command,
                     "whom do we speak for? Give --cert FILE --key FILE, or --disable-authentication to present "
                     "no certificate.");
        return EXIT_WRONG;
    }
    return gate_main(&s, &command);
}
