/* SPDX-License-Identifier: Apache-2.0
 *
 * ca_init.c - `handfast ca init`: root, intermediate and register in a directory of their own.
 *
 * All of it is there afterwards, or nothing is: the directory must be new or empty, and what was made is
 * taken back when a later step fails. Both certificates live equally long: a CA whose intermediate ends
 * first would stop to issue on a day that nobody watches.
 */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ct.h"
#include "base/text.h"
#include "base/when.h"
#include "ca.h"
#include "ca_register.h"
#include "commands.h"
#include "newfile.h"
#include "settings.h"

enum { NAME_ROOM = 1024, PASS_ROOM = 1024 };

struct init {
    const char *dir, *name, *pass;
    unsigned    key, days;
};

static const char *init_days(void *into, const char *value)
{
    ((struct init *)into)->days = ca_days(value);
    return ((struct init *)into)->days ? NULL : "give a number of days, 1 to 36500.";
}

static const struct opt opts[] = {
    {"dir", OPT_TEXT, offsetof(struct init, dir), "DIR", "directory for the CA: new or empty; only you may read it",
     NULL, NULL},
    {"name", OPT_TEXT, offsetof(struct init, name), "NAME",
     "name of the root, as \"CN=Example CA,O=Example\" or just\na common name (handfast CA and six hex digits)", NULL,
     NULL},
    {"key", OPT_CHOICE, offsetof(struct init, key), CA_KEY_KINDS, "kind of both keys (p256)", NULL, NULL},
    {"days", OPT_CALL, 0, "N", "days that both certificates are valid (3650)", init_days, NULL},
    {"pass", OPT_TEXT, offsetof(struct init, pass), "SOURCE",
     "encrypt the root's key with the passphrase from file:F,\nenv:VAR or prompt; the intermediate's stays plain, so "
     "that\n"
     "issuing asks nobody",
     NULL, NULL},
    {0}};

static const struct command command = {
    .name     = "ca init",
    .brief    = "makes a root and an intermediate in a directory of their own",
    .usage    = "--dir DIR [options]",
    .about    = "The root is what peers trust; the intermediate is what issues. Keys are written for\n"
                "their owner only, and nothing that exists is overwritten.",
    .opts     = opts,
    .examples = "  handfast ca init --dir ca --name \"CN=Example CA,O=Example\"\n"
                "  handfast ca init --dir ca --key p384 --days 1825 --pass prompt\n",
};

/* What is made, before anything is written. */
struct new_ca {
    struct mem      mem;
    struct key     *root_key, *mid_key;
    struct ca_made  root, mid;
    char           *root_pem, *mid_pem; /* the keys */
    size_t          root_pem_n, mid_pem_n;
    char            dir[PATH_MAX], register_file[PATH_MAX];
    struct newfiles files;
};

/* The name of the intermediate: the root's with " intermediate" behind its common name. */
static void intermediate_name(const char *root, char out[static NAME_ROOM])
{
    const char *p = root, *end;
    if (!strchr(root, '=')) {
        snprintf(out, NAME_ROOM, "%s intermediate", root);
        return;
    }
    for (;; p = end + 1) {
        for (end = p; *end && *end != ',' && *end != '+'; end++)
            if (*end == '\\' && end[1])
                end++;
        p += strspn(p, " ");
        if (strncasecmp(p, "CN", 2) == 0 && p[2 + strspn(p + 2, " ")] == '=') {
            snprintf(out, NAME_ROOM, "%.*s intermediate%s", (int)(end - root), root, end);
            return;
        }
        if (!*end)
            break;
    }
    snprintf(out, NAME_ROOM, "CN=intermediate,%s", root);
}

static bool make_one(struct new_ca *ca, enum cert_use use, const char *name, unsigned days, struct report *rep)
{
    uint8_t          room[4 * NAME_ROOM];
    struct wr        w    = wr_fixed(room, sizeof room);
    struct cert_spec spec = cert_spec_for(use);
    struct cert      root;
    struct issuer    by  = {NULL, ca->root_key};
    bool             top = use == USE_ROOT;
    size_t           n   = 0;
    uint8_t         *spki;
    if (!dn_write(&w, name, rep) || (!top && !cert_parse(&root, (hf_view){ca->root.der, ca->root.der_n}, rep)))
        return false;
    spki            = key_spki(top ? ca->root_key : ca->mid_key, &ca->mem, &n);
    by.cert         = top ? NULL : &root;
    spec.subject    = wr_done(&w);
    spec.not_before = top ? ca_now() - CA_SKEW : root.not_before;
    spec.not_after  = top ? ca_now() + (int64_t)days * CA_DAY : root.not_after;
    bool ok =
        spki ? ca_make(top ? &ca->root : &ca->mid, &spec, (hf_view){spki, n}, &by, &ca->mem, rep) : no_memory(rep, n);
    mem_free(&ca->mem, spki);
    return ok;
}

/* The passphrase for a new key: asked for twice at a terminal, since nobody sees what is typed. */
static bool new_pass(const char *source, const char *file, char out[static PASS_ROOM], struct report *rep)
{
    char again[PASS_ROOM] = "";
    bool ok               = pass_ask((void *)(uintptr_t)source, file, out, PASS_ROOM) && out[0];
    if (!ok)
        fail_text(rep, CA_PASS_NONE, 0, 0, 0, source);
    else if (strcmp(source, "prompt") == 0) {
        fprintf(stderr, "Once more. ");
        ok = pass_ask((void *)(uintptr_t)source, file, again, PASS_ROOM) && strcmp(out, again) == 0;
        if (!ok)
            fail(rep, CA_PASS_DIFFERS, 0, 0, 0);
    }
    ct_wipe(again, sizeof again);
    return ok;
}

static bool make_keys(struct new_ca *ca, const struct init *o, struct report *rep)
{
    char pass[PASS_ROOM] = "", file[PATH_MAX];
    bool ok              = ca_path(file, o->dir, "root.key", rep) && (!o->pass || new_pass(o->pass, file, pass, rep));
    if (ok) {
        ca->root_key = ca_key_generate(o->key, rep);
        ca->mid_key  = ca->root_key ? ca_key_generate(o->key, rep) : NULL;
        ok           = ca->mid_key != NULL;
    }
    if (ok) {
        ca->root_pem = key_to_pem(ca->root_key, o->pass ? pass : NULL, &ca->mem, &ca->root_pem_n);
        ca->mid_pem  = key_to_pem(ca->mid_key, NULL, &ca->mem, &ca->mid_pem_n);
        ok           = (ca->root_pem && ca->mid_pem) || no_memory(rep, ca->mem.used);
    }
    ct_wipe(pass, sizeof pass);
    return ok;
}

static bool make_all(struct new_ca *ca, const struct init *o, struct report *rep)
{
    char    own[64], mid[NAME_ROOM];
    uint8_t r[3];
    if (o->name && strlen(o->name) >= NAME_ROOM - 32)
        return fail(rep, CA_NAME_LONG, 0, NAME_ROOM - 32, (int64_t)strlen(o->name));
    rnd_libcrypto.fill(rnd_libcrypto.ctx, r, sizeof r);
    snprintf(own, sizeof own, "handfast CA %02x%02x%02x", r[0], r[1], r[2]);
    intermediate_name(o->name ? o->name : own, mid);
    return make_keys(ca, o, rep) && make_one(ca, USE_ROOT, o->name ? o->name : own, o->days, rep) &&
           make_one(ca, USE_INTERMEDIATE, mid, o->days, rep);
}

static bool dir_unusable(struct report *rep, const char *dir, int error)
{
    char text[160];
    text_add(text, sizeof text, 0, "%s: %s", dir, strerror(error));
    return fail_text(rep, CA_DIR, 0, 0, 0, text);
}

/* An existing directory must be empty. */
static bool is_empty(const char *dir, struct report *rep)
{
    DIR           *d = opendir(dir);
    struct dirent *e;
    char           text[160];
    bool           ok = true;
    if (!d)
        return dir_unusable(rep, dir, errno);
    while (ok && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            text_add(text, sizeof text, 0, "%s/%s", dir, e->d_name);
            ok = fail_text(rep, CA_DIR_TAKEN, 0, 0, 0, text);
        }
    closedir(d);
    return ok;
}

/* *made: it is new. */
static bool make_dir(const char *dir, bool *made, struct report *rep)
{
    *made = mkdir(dir, 0700) == 0;
    if (*made)
        return true;
    if (errno != EEXIST)
        return dir_unusable(rep, dir, errno);
    return is_empty(dir, rep) && (chmod(dir, 0700) == 0 || dir_unusable(rep, dir, errno));
}

static bool add_file(struct new_ca *ca, const char *dir, const char *name, const void *p, size_t n, unsigned mode,
                     struct report *rep)
{
    char path[PATH_MAX];
    return ca_path(path, dir, name, rep) && newfiles_add(&ca->files, path, p, n, mode, rep);
}

static bool fill(struct new_ca *ca, struct ca_register *r, const char *dir, struct report *rep)
{
    hf_view root = {ca->root.der, ca->root.der_n}, mid = {ca->mid.der, ca->mid.der_n};
    return ca_register_begin(r, rep) && ca_register_add(r, root, "root", ca_now(), rep) &&
           ca_register_add(r, mid, "intermediate", ca_now(), rep) &&
           add_file(ca, dir, "root.pem", ca->root.pem, ca->root.pem_n, 0644, rep) &&
           add_file(ca, dir, "root.key", ca->root_pem, ca->root_pem_n, 0600, rep) &&
           add_file(ca, dir, "intermediate.pem", ca->mid.pem, ca->mid.pem_n, 0644, rep) &&
           add_file(ca, dir, "intermediate.key", ca->mid_pem, ca->mid_pem_n, 0600, rep) &&
           newfiles_place(&ca->files, rep) && ca_register_commit(r, rep);
}

static bool write_all(struct new_ca *ca, const char *dir, struct report *rep)
{
    struct ca_register *r = NULL;
    bool                made, ok;
    if (!ca_path(ca->register_file, dir, "register.db", rep) || !make_dir(dir, &made, rep))
        return false;
    r  = ca_register_create(ca->register_file, rep);
    ok = r && fill(ca, r, dir, rep);
    if (r && !ok)
        ca_register_rollback(r);
    ca_register_close(r);
    if (ok)
        newfiles_keep(&ca->files);
    else {
        newfiles_drop(&ca->files);
        if (r)
            unlink(ca->register_file);
        if (made)
            rmdir(dir);
    }
    return ok;
}

static void tell(const struct new_ca *ca, const struct init *o)
{
    struct report rep;
    struct cert   c;
    char          name[256], until[24];
    report_init(&rep);
    if (!cert_parse(&c, (hf_view){ca->root.der, ca->root.der_n}, &rep))
        return;
    dn_text(c.subject, name, sizeof name);
    printf("Made a CA, %s, valid until %s:\n", name, when_text(c.not_after, until));
    printf("  %s/root.pem           give it to everybody who shall trust what this CA issues (--cacert)\n", o->dir);
    printf("  %s/root.key           %s; not needed to issue: move it to a safe place\n", o->dir,
           o->pass ? "encrypted with your passphrase" : "not encrypted");
    printf("  %s/intermediate.pem   issues; it is sent along with every certificate\n", o->dir);
    printf("  %s/intermediate.key   keep it on this host only\n", o->dir);
    printf("  %s/register.db        what was issued (handfast ca list --dir %s)\n", o->dir, o->dir);
    printf("Next: handfast ca issue --dir %s --server --name localhost --out server\n", o->dir);
}

int ca_init(int argc, char **argv)
{
    struct init     o = {.days = CA_DAYS_OWN};
    struct new_ca   ca;
    struct report   rep;
    sigset_t        old;
    const char     *bad;
    enum opt_result parsed = opt_parse(&command, argc, argv, &o, NULL);
    if (parsed != OPT_RUN)
        return parsed == OPT_HELPED ? EXIT_OK : EXIT_WRONG;
    if (!o.dir)
        return opt_complain(&command, "--dir is missing: where shall the CA live?"), EXIT_WRONG;
    bad = o.pass ? pass_check(o.pass) : NULL;
    if (bad)
        return opt_complain(&command, "--pass %s: %s.", o.pass, bad), EXIT_WRONG;
    memset(&ca, 0, sizeof ca);
    report_init(&rep);
    if (ca_ready(&rep) && make_all(&ca, &o, &rep)) {
        ca_hold_signals(&old);
        if (write_all(&ca, o.dir, &rep))
            tell(&ca, &o);
        ca_let_signals(&old);
    }
    key_free(ca.root_key);
    key_free(ca.mid_key);
    ca_free_made(&ca.root, &ca.mem);
    ca_free_made(&ca.mid, &ca.mem);
    mem_free(&ca.mem, ca.root_pem);
    mem_free(&ca.mem, ca.mid_pem);
    return report_bad(&rep) ? ca_failed(&command, &rep) : EXIT_OK;
}
