/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.h - what the options of server, client and connect come to: the struct that opt.h fills, the rules
 * between options, and the sealed library configuration that is made from it.
 */
#ifndef HF_PROG_SETTINGS_H
#define HF_PROG_SETTINGS_H
#include "base/why.h"
#include "prog/opt.h"
#include "prog/place_set.h"
#include "prog/rules_set.h"
#include "prog/store_set.h"

enum { CREDS_MAX = 16 };
enum client_auth { AUTH_UNSET, AUTH_REQUIRED, AUTH_OPTIONAL };
enum profile_choice { PROFILE_UNSET, PROFILE_OF_PRIVATE, PROFILE_OF_WEB };
enum tls_choice { TLS_UNSET, TLS_1_2, TLS_1_3 };

struct settings {
    enum hf_role role;
    const char  *listen, *target;
    struct {
        const char *chain, *key; /* key NULL: in the same file */
        bool        raw;         /* chain is a private key, shown as a raw public key */
        const char *staple;      /* OCSP response, NULL: none */
    } creds[CREDS_MAX];
    unsigned         n_creds;
    struct opt_list  cacerts, pins, pin_keys, crls;
    const char      *ca_names, *alpn, *server_name, *keylog, *pass;
    unsigned         client_auth;      /* enum client_auth */
    unsigned         tls_min, tls_max; /* enum tls_choice */
    unsigned         profile;          /* enum profile_choice */
    unsigned         log;              /* enum log_format, 0 = not given */
    unsigned         threads;          /* 0 = one per core */
    bool             proxy_protocol;
    unsigned         proxy_mode;   /* enum proxy_v2, 0 = not given */
    unsigned         http_headers; /* enum http_headers, 0 = not given */
    bool             disable_auth, send_nothing, require_staple, compress, require_eku, only_roots;
    const char      *diary; /* server: --explain */
    unsigned         diary_keep;
    bool             explains;    /* explain: whom to trust may be left out */
    const char      *path;        /* explain: of its request */
    struct rules_set rules;       /* server: who of the clients may come in; client: who the server must be */
    const char      *ticket_keys; /* server: file with the keys of tickets; NULL: tickets has random ones */
    hf_tickets      *tickets;     /* server: for the life of the process */
    bool             no_tickets;
    bool             resumes; /* client: sessions are kept and gone on from */
    struct place_set places;
    const char      *status; /* where the status page is served; NULL: nowhere */
    struct store_set store;
    int64_t          shutdown_ms, handshake_ms, connect_ms;
};

/* Option handlers for the tables (OPT_CALL). */
const char *settings_cert(void *into, const char *file);
const char *settings_key(void *into, const char *file);
const char *settings_keystore(void *into, const char *file);
const char *settings_staple(void *into, const char *file);
const char *settings_raw_key(void *into, const char *file);

/* The rules between options; false: the complaint is on stderr. */
bool settings_check(const struct settings *s, const struct command *c);
/* The sealed configuration; NULL: why says what is wrong with which file. trace: keep each connection's story. */
hf_config *settings_config(const struct settings *s, bool trace, hf_why *why);
/* Its rules, sealed; an empty list where there are none. NULL: why says what is wrong. */
hf_rules *settings_rules(const struct settings *s, hf_why *why);
void      settings_alpn(const struct settings *s, hf_config *cfg);
/* Opens the file of --keylog; -1: none is wanted, or rep says why not. */
int settings_keylog(const struct settings *s, struct report *rep);
/* The host part of the target, or --server-name: what the server is asked for and its certificate must name, unless
 * --verify-... says who it is. NULL: none; then --verify-... or a pin does. */
const char *settings_server_name(const struct settings *s, const char *target_host);

/* Where a passphrase comes from: "file:F", "env:VAR", "prompt"; NULL = nowhere. ctx is that text. */
bool        pass_ask(void *ctx, const char *file, char *out, size_t room);
const char *pass_check(const char *source); /* NULL, or what is wrong with it */

/* Rows that several commands share. */
#define SETTINGS_AT(field) offsetof(struct settings, field)
#define OPT_ROW_CERT                                                                                                   \
    {                                                                                                                  \
        "cert", OPT_CALL, 0, "FILE",                                                                                   \
            "our certificate, then its intermediates (PEM), or a\nPKCS#12 file; with --key behind it, may be given "   \
            "again",                                                                                                   \
            settings_cert, NULL                                                                                        \
    }
#define OPT_ROW_KEY                                                                                                    \
    {                                                                                                                  \
        "key", OPT_CALL, 0, "FILE", "its private key (PEM or DER), if not in the same file", settings_key, NULL        \
    }
#define OPT_ROW_KEYSTORE                                                                                               \
    {                                                                                                                  \
        "keystore", OPT_CALL, 0, "FILE", "certificate and key in one file: PKCS#12 or PEM", settings_keystore, NULL    \
    }
#define OPT_ROW_RAW_KEY                                                                                                \
    {                                                                                                                  \
        "raw-key", OPT_CALL, 0, "FILE",                                                                                \
            "our private key alone, shown as a raw public key (RFC\n7250) to peers that pin it; may be given again",   \
            settings_raw_key, NULL                                                                                     \
    }
#define OPT_ROW_STAPLE                                                                                                 \
    {                                                                                                                  \
        "staple", OPT_CALL, 0, "FILE",                                                                                 \
            "OCSP response (DER) to send with the certificate before\nit; looked at again when it changes",            \
            settings_staple, NULL                                                                                      \
    }
#define OPT_ROW_COMPRESS                                                                                               \
    {                                                                                                                  \
        "compress", OPT_FLAG, SETTINGS_AT(compress), NULL,                                                             \
            "compress certificates where the peer can, and take\ncompressed ones (TLS 1.3)", NULL, NULL                \
    }
#define OPT_ROW_REQUIRE_STAPLE                                                                                         \
    {                                                                                                                  \
        "require-staple", OPT_FLAG, SETTINGS_AT(require_staple), NULL,                                                 \
            "refuse whoever sends no OCSP response with its\ncertificate (one that comes is judged in any case)",      \
            NULL, NULL                                                                                                 \
    }
#define OPT_ROWS_STRICT                                                                                                \
    {"profile",                                                                                                        \
     OPT_CHOICE,                                                                                                       \
     SETTINGS_AT(profile),                                                                                             \
     "private|web",                                                                                                    \
     "how chains are judged: RFC 5280 (private), or with the\nrules of public CAs too (web)",                          \
     NULL,                                                                                                             \
     NULL},                                                                                                            \
        {"require-eku",                                                                                                \
         OPT_FLAG,                                                                                                     \
         SETTINGS_AT(require_eku),                                                                                     \
         NULL,                                                                                                         \
         "refuse a certificate without extended key usage; one\nthat lacks this use is refused in any case",           \
         NULL,                                                                                                         \
         NULL},                                                                                                        \
    {                                                                                                                  \
        "only-roots", OPT_FLAG, SETTINGS_AT(only_roots), NULL,                                                         \
            "a chain must end at a self-signed CA (any CA that is\ntrusted)", NULL, NULL                               \
    }
#define OPT_ROW_STOREPASS                                                                                              \
    {                                                                                                                  \
        "storepass", OPT_UNKNOWN, 0, NULL,                                                                             \
            "every user of this host can read a passphrase on a command line; use --pass file:F, --pass env:VAR or "   \
            "--pass prompt.",                                                                                          \
            NULL, NULL                                                                                                 \
    }
#define OPT_ROW_PASS                                                                                                   \
    {                                                                                                                  \
        "pass", OPT_TEXT, SETTINGS_AT(pass), "SOURCE", "passphrase of the key: file:F, env:VAR or prompt", NULL, NULL  \
    }
#define OPT_ROW_CRL                                                                                                    \
    {                                                                                                                  \
        "crl", OPT_MANY, SETTINGS_AT(crls), "PATH",                                                                    \
            "revocation lists: a file or a folder, looked at again\nwhen it changes; with one, every CA of a chain "   \
            "needs one",                                                                                               \
            NULL, NULL                                                                                                 \
    }
#define OPT_ROW_TLS_MIN                                                                                                \
    {                                                                                                                  \
        "tls-min", OPT_CHOICE, SETTINGS_AT(tls_min), "1.2|1.3", "oldest TLS version (1.3)", NULL, NULL                 \
    }
#define OPT_ROW_TLS_MAX                                                                                                \
    {                                                                                                                  \
        "tls-max", OPT_CHOICE, SETTINGS_AT(tls_max), "1.2|1.3", "newest TLS version (1.3)", NULL, NULL                 \
    }
#define OPT_ROW_KEYLOG                                                                                                 \
    {                                                                                                                  \
        "keylog", OPT_TEXT, SETTINGS_AT(keylog), "FILE",                                                               \
            "append the secrets of all connections (SSLKEYLOGFILE):\nwhoever reads it reads everything; for "          \
            "debugging only",                                                                                          \
            NULL, NULL                                                                                                 \
    }
#define OPT_ROW_STATUS                                                                                                 \
    {                                                                                                                  \
        "status", OPT_TEXT, SETTINGS_AT(status), "ADDR",                                                               \
            "a page of who is connected and who was refused, with\n/status (JSON) and /metrics (Prometheus), over "    \
            "HTTP; a port\nalone is on loopback",                                                                      \
            NULL, NULL                                                                                                 \
    }
#define OPT_ROW_LOG                                                                                                    \
    {                                                                                                                  \
        "log", OPT_CHOICE, SETTINGS_AT(log), "text|json", "one line for each connection, on stdout (text)", NULL, NULL \
    }
#define OPT_ROW_HELP                                                                                                   \
    {                                                                                                                  \
        "help", OPT_UNKNOWN, 0, NULL, "", NULL, NULL                                                                   \
    }

#endif
