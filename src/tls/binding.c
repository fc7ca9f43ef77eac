/* SPDX-License-Identifier: Apache-2.0
 * binding.c - channel bindings: what an application's own authentication is tied to, so that it holds in this
 * connection and in no other (RFC 9266, RFC 5929). */
#include "tls/conn.h"

/* RFC 9266 2: "Context value: Zero-length string", which in TLS 1.2 is another thing than none (RFC 5705 4). */
bool hf_conn_binding_exporter(hf_conn *c, uint8_t out[32])
{
    static const uint8_t empty[1];
    return hf_conn_export(c, "EXPORTER-Channel-Binding", (hf_view){empty, 0}, out, 32);
}

static const struct cert *server_leaf(const hf_conn *c)
{
    if (c->cfg->role == HF_CLIENT)
        return c->peer ? peer_cert(c->peer) : NULL;
    return c->presented ? &c->presented->cert[0] : NULL;
}

/* RFC 5929 4.1: the hash of the certificate's signature, SHA-256 in place of MD5 and SHA-1; where the signature has no
 * single hash, and for a raw public key, the binding is undefined. */
size_t hf_conn_binding_end_point(const hf_conn *c, uint8_t out[64])
{
    const struct cert *leaf = c->open ? server_leaf(c) : NULL;
    if (!leaf || cert_is_bare(leaf) || leaf->sig.hash == HASH_NONE)
        return 0;
    bool          weak = leaf->sig.hash == HASH_MD5 || leaf->sig.hash == HASH_SHA1;
    enum hash_alg alg  = weak ? HASH_SHA256 : leaf->sig.hash;
    hash_once(alg, leaf->der, out);
    return hash_len(alg);
}
