/* SPDX-License-Identifier: Apache-2.0
 *
 * again.c - the peer's chain under a config: when it arrives, and again whenever the caller asks, while the
 * connection is open. Nothing that was found once is taken for granted later: dates, revocation, anchors, pins,
 * purpose and name are all asked anew, of whatever config is given. Only the proof of possession is not repeated:
 * that the peer holds its key was shown in this very connection, and does not grow old with it. Of a raw public key
 * there is the pin alone to ask for.
 */
#include "base/ct.h"
#include "base/text.h"
#include "tls/conn.h"
#include "tls/msg12.h"
#include "x509/ocsp.h"

/* The response that came with the chain. Later it counts only as long as it holds: nobody could send a new one. */
static hf_view staple_at(const hf_conn *c, const struct certificate *m, int64_t now)
{
    struct report rep;
    struct cert   leaf;
    int64_t       from, until;
    report_init(&rep);
    if (!c->open || !m->staple.n)
        return m->staple;
    bool holds = !c->peer_raw && cert_parse(&leaf, m->chain[0], &rep) && ocsp_window(&leaf, m->staple, &from, &until) &&
                 now <= until;
    return holds ? m->staple : (hf_view){0};
}

bool chain_ok(hf_conn *c, const hf_config *under, int64_t now_ms, const struct certificate *m, struct valid_path *path,
              struct report *rep)
{
    bool             client = c->cfg->role == HF_CLIENT;
    bool             asked  = under->staples != HF_DONT_ASK && (client || c->version == TLS13);
    hf_view          staple = staple_at(c, m, now_ms / 1000);
    struct valid_how how    = {.trust         = under->trust,
                               .purpose       = client ? FOR_SERVER_AUTH : FOR_CLIENT_AUTH,
                               .profile       = under->strict & HF_STRICT_WEB ? PROFILE_WEB : PROFILE_PRIVATE,
                               .require_eku   = under->strict & HF_STRICT_EKU,
                               .only_roots    = under->strict & HF_STRICT_ROOTS,
                               .name          = client && !under->name_by_verdict ? c->server_name : NULL,
                               .now           = now_ms / 1000,
                               .proven        = under->proven,
                               .staple        = staple,
                               .staple_asked  = asked && (staple.n || !c->open),
                               .staple_needed = under->staples == HF_REQUIRE && !c->open};
    if (c->peer_raw)
        return valid_key(&how, m->chain[0], &c->mem, path, rep);
    return valid_chain(&how, m->chain, m->n, &c->mem, path, rep);
}

bool claim_read(const hf_conn *c, uint16_t version, uint32_t offered, struct certificate *m, struct report *rep)
{
    hf_view msg = {c->claimed, c->claimed_n};
    if (version == TLS12)
        return c->peer_raw ? raw_key12_read(m, msg, rep) : certificate12_read(m, msg, rep);
    return certificate_read(m, msg, offered, rep);
}

void chain_kept(const hf_conn *c, uint16_t version, struct certificate *m, struct report *rep)
{
    *m = (struct certificate){0};
    if (c->claimed) /* its extensions were asked for when it came */
        claim_read(c, version, UINT32_MAX, m, rep);
    if (version == TLS12)
        m->staple = c->staple;
}

/* Does this config judge peers at all? */
static bool judges(const hf_config *cfg)
{
    return cfg->role == HF_CLIENT ? !cfg->unverified : cfg->demand != HF_DONT_ASK;
}

/* The key that the peer proved is still one of ours. */
static bool psk_known(const hf_config *cfg, const struct psk *p)
{
    bool known = false;
    for (size_t i = 0; i < cfg->n_psks && !known; i++)
        known = view_equal(cfg->psks[i].imported[0].identity, p->imported[0].identity) &&
                ct_equal(cfg->psks[i].imported[0].key.b, p->imported[0].key.b, SECRET_MAX);
    return known;
}

static bool still_fine(hf_conn *c, const hf_config *under, int64_t now_ms, struct report *rep)
{
    struct certificate m;
    struct valid_path  path = {0};
    if (c->psk)
        return psk_known(under, c->psk) || fail(rep, JUDGE_NO_PSK, 0, 1, 0);
    if (!judges(under))
        return true;
    if (!c->peer)
        return (under->role == HF_SERVER && under->demand == HF_ASK) || fail(rep, JUDGE_NO_PEER, 0, 1, 0);
    chain_kept(c, c->version, &m, rep);
    bool ok = rep->why.check == CHECK_NONE && chain_ok(c, under, now_ms, &m, &path, rep);
    valid_path_free(&path, &c->mem);
    return ok;
}

bool hf_conn_judge(hf_conn *c, const hf_config *under, int64_t now_ms, hf_why *why)
{
    struct report rep;
    report_init(&rep);
    bool ok = still_fine(c, under, now_ms, &rep);
    if (why)
        *why = rep.why;
    return ok;
}
