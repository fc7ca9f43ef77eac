/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict.h - from what was seen to the one cause: a reason of doc/reasons.md, how sure it is, who must change
 * something, from what evidence, and what to do.
 *
 * An alert is evidence, not a verdict: what it means follows from what is known of one's own files, of the server's
 * request, and from what other attempts (probes) met.
 */
#ifndef HF_PROG_VERDICT_H
#define HF_PROG_VERDICT_H
#include "prog/at_fault.h"
#include "prog/live.h"
#include "prog/mine.h"
#include "prog/peer_kind.h"

enum { LONG_CHAIN = 3 }; /* certificates: nginx and Apache take one intermediate unless they are told otherwise */
enum certainty { PROVEN, INFERRED, POSSIBLE };

/* Attempts that differ from the main one in one thing. */
enum probe {
    PROBE_NO_CERT,  /* the same without a certificate */
    PROBE_TLS12,    /* the same in TLS 1.2 only */
    PROBE_TLS13,    /* the same in TLS 1.3 only, where that was excluded */
    PROBE_SNI,      /* with the server name, where none was sent */
    PROBE_NO_SNI,   /* without it, where it was sent */
    PROBE_SILENT,   /* the same, asking for nothing */
    PROBE_RESUMED,  /* going on from the session of the first */
    PROBE_COMPLETE, /* our chain completed from the CA files given */
    PROBE_OTHER,    /* another credential that was given */
    PROBE_PROXY,    /* with a PROXY header, where none was sent */
    PROBE_NO_PROXY, /* without it, where it was sent */
    PROBE_PLAIN,    /* plain HTTP on the same port */
    PROBE_POSTGRES, /* PostgreSQL's request for TLS */
    PROBE_LDAP,     /* LDAP's */
    PROBE_SUITES,   /* a ClientHello with more cipher suites */
    PROBE_GROUPS,   /* with more groups */
    PROBE_SIGALGS,  /* with more signature algorithms */
    PROBE_RAW_KEYS, /* with raw public keys, for both sides */
    PROBE_OLD,      /* with TLS 1.0 and 1.1 */
    N_PROBES
};
struct probed {
    bool           made;
    struct outcome out;
    bool           hello; /* raw hello: the server answered with a ServerHello ... */
    uint16_t       got;   /* ... and chose this suite, group or version */
};

/* All that a verdict rests on. */
struct facts {
    const struct settings  *set;
    const struct mine      *own;
    const struct outcome   *o;
    const char             *host, *port, *name; /* the target, and the name the server must have; name may be NULL */
    bool                    sni_sent, expect_mutual;
    int                     cred;    /* the credential that was presented, or would have been; -1: none was given */
    uint16_t                remark;  /* on it, by the server's request: chosen, or why a client would not send it */
    const struct check_run *server;  /* the server's chain, judged; NULL: none was seen */
    hf_view                 request; /* CertificateRequest as received; empty: none */
    hf_view                 ca_names;
    size_t                  n_ca_names;
    enum peer_kind          kind;  /* the library of the server, by its CertificateRequest */
    const struct probed    *probe; /* N_PROBES of them */
};

enum { EVIDENCE_MAX = 12, OTHERS_MAX = 6, LINE_MAX_ = 400 };
struct verdict {
    const char    *reason;
    enum certainty certainty;
    enum at_fault  fault;
    bool           own; /* it is about our side: the client's certificate, not the server's */
    char           subject[NOTE_SUBJECT];
    char           about[LINE_MAX_];  /* the certificate or name it is about, in words */
    char           says[LINE_MAX_];   /* what is wrong, one sentence */
    char           fix[LINE_MAX_];    /* to the party at fault, one imperative sentence */
    char           reader[LINE_MAX_]; /* to the reader, when that is somebody else; may be empty */
    char           stage[LINE_MAX_];
    char           evidence[EVIDENCE_MAX][LINE_MAX_];
    unsigned       n_evidence;
    struct {
        const char *reason;
        char        tells[LINE_MAX_]; /* what would tell it apart */
    } others[OTHERS_MAX];
    unsigned n_others;
};

void verdict_find(const struct facts *f, struct verdict *v);

/* ---- for the files that find it ---- */
/* Decides: true, so that a judge may return it. subject and about may be NULL. */
bool verdict_is(struct verdict *v, const char *reason, enum certainty c, enum at_fault fault, const char *subject);
void verdict_evidence(struct verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void verdict_says(struct verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void verdict_fix(struct verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void verdict_or(struct verdict *v, const char *reason, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool probe_worked(const struct facts *f, enum probe p); /* made, and let in */
bool outcome_refused(const struct outcome *o);          /* the server refused us after it asked for a certificate */
bool outcome_let_in(const struct outcome *o);
/* By the Date of any answer: how many seconds the server's clock is ahead of ours (may be NULL). False: not known. */
bool server_clock(const struct facts *f, int64_t *gap);

/* ---- verdict_early.c: before the server's certificate ---- */
bool verdict_by_start(const struct facts *f, struct verdict *v);
bool verdict_by_hello(const struct facts *f, struct verdict *v);
/* ---- verdict_server.c: the server's chain, and whether it asked ---- */
bool verdict_by_chain(const struct facts *f, struct verdict *v);
bool verdict_by_store(const struct facts *f, struct verdict *v);
bool verdict_by_silence(const struct facts *f, struct verdict *v);
/* ---- verdict_refused.c: it asked, and refused ---- */
bool verdict_by_refusal(const struct facts *f, struct verdict *v);
/* ---- verdict_path.c: the server found no way from our certificate to a CA of its own ---- */
bool verdict_by_path(const struct facts *f, struct verdict *v);
bool alert_is_path(const struct outcome *o); /* unknown_ca: the alert that says just this */

/* ---- cure.c ---- */
/* What the reason means and what to do, where the finder has not said it; then commands for common programs. */
void        cure_sentences(const struct facts *f, struct verdict *v);
bool        cure_commands(const struct facts *f, const struct verdict *v, size_t i, const char **tool, char *line,
                          size_t room);
const char *certainty_name(enum certainty c);

#endif
