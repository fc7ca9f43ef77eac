/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_register.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* "hfca": what `file` and ca_register_open know a register by. */
#define APPLICATION_ID "1751540577"
#define SCHEMA_VERSION "1"

struct ca_register {
    sqlite3    *db;
    const char *file;
};

static const char schema[] = "PRAGMA application_id = " APPLICATION_ID ";"
                             "PRAGMA user_version = " SCHEMA_VERSION ";"
                             "BEGIN IMMEDIATE;"
                             "CREATE TABLE certificate ("
                             "  n INTEGER PRIMARY KEY," /* the order of issue */
                             "  serial TEXT NOT NULL UNIQUE,"
                             "  subject TEXT NOT NULL,"
                             "  names TEXT NOT NULL,"
                             "  profile TEXT NOT NULL,"
                             "  not_before INTEGER NOT NULL,"
                             "  not_after INTEGER NOT NULL,"
                             "  sha256 TEXT NOT NULL UNIQUE,"
                             "  issued_at INTEGER NOT NULL,"
                             "  status TEXT NOT NULL DEFAULT 'issued',"
                             "  der BLOB NOT NULL) STRICT;"
                             "CREATE INDEX certificate_by_end ON certificate (not_after);"
                             "COMMIT;";

static bool broken(struct report *rep, const char *file, const char *detail)
{
    char text[160];
    text_add(text, sizeof text, 0, "%s: %s", file, detail);
    return fail_text(rep, REGISTER_BROKEN, 0, 0, 0, text);
}

/* What SQLite refused, as a check. */
static bool refused(const struct ca_register *r, struct report *rep)
{
    char text[160];
    int  code = sqlite3_errcode(r->db);
    text_add(text, sizeof text, 0, "%s: %s", r->file, sqlite3_errmsg(r->db));
    switch (code) {
    case SQLITE_BUSY:
        return fail_text(rep, REGISTER_BUSY, 0, 0, REGISTER_WAIT_MS, r->file);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* no such table: another program's database */
        return broken(rep, r->file, sqlite3_errmsg(r->db));
    default:
        return fail_text(rep, REGISTER_UNUSABLE, 0, 0, code, text);
    }
}

static bool run(struct ca_register *r, const char *sql, struct report *rep)
{
    return sqlite3_exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK || refused(r, rep);
}

static struct ca_register *open_db(const char *file, struct report *rep)
{
    struct ca_register *r = calloc(1, sizeof *r);
    if (!r) {
        no_memory(rep, sizeof *r);
        return NULL;
    }
    r->file = file;
    if (sqlite3_open_v2(file, &r->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        refused(r, rep);
        ca_register_close(r);
        return NULL;
    }
    sqlite3_busy_timeout(r->db, REGISTER_WAIT_MS);
    return r;
}

struct ca_register *ca_register_create(const char *file, struct report *rep)
{
    int                 fd = open(file, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    struct ca_register *r;
    if (fd < 0) {
        char text[160];
        text_add(text, sizeof text, 0, "%s: %s", file, strerror(errno));
        fail_text(rep, REGISTER_CREATE, 0, 0, 0, text);
        return NULL;
    }
    close(fd);
    r = open_db(file, rep);
    if (r && run(r, schema, rep))
        return r;
    ca_register_close(r);
    unlink(file);
    return NULL;
}

static const char *column(sqlite3_stmt *s, int i)
{
    const unsigned char *text = sqlite3_column_text(s, i);
    return text ? (const char *)text : "";
}

/* The number that a PRAGMA gives is the one wanted. */
static bool has(struct ca_register *r, const char *pragma, const char *wanted, struct report *rep)
{
    sqlite3_stmt *s  = NULL;
    bool          ok = sqlite3_prepare_v2(r->db, pragma, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    if (!ok)
        refused(r, rep);
    else if (strcmp(column(s, 0), wanted) != 0)
        ok = broken(rep, r->file, "not a register of this version");
    sqlite3_finalize(s);
    return ok;
}

struct ca_register *ca_register_open(const char *file, struct report *rep)
{
    struct ca_register *r;
    if (access(file, F_OK) != 0 && errno == ENOENT) {
        fail_text(rep, CA_NONE, 0, 0, 0, file);
        return NULL;
    }
    r = open_db(file, rep);
    if (r && has(r, "PRAGMA application_id", APPLICATION_ID, rep) && has(r, "PRAGMA user_version", SCHEMA_VERSION, rep))
        return r;
    ca_register_close(r);
    return NULL;
}

void ca_register_close(struct ca_register *r)
{
    if (r)
        sqlite3_close(r->db);
    free(r);
}

bool ca_register_begin(struct ca_register *r, struct report *rep)
{
    return run(r, "BEGIN IMMEDIATE", rep);
}

bool ca_register_commit(struct ca_register *r, struct report *rep)
{
    return run(r, "COMMIT", rep);
}

void ca_register_rollback(struct ca_register *r)
{
    if (r && !sqlite3_get_autocommit(r->db))
        sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
}

/* "DNS:a\nIP:192.0.2.1", in the order of the certificate. */
static void names_of(const struct cert *c, char *out, size_t room)
{
    struct gen_name name;
    size_t          at = 0, n = 0;
    out[0] = '\0';
    while (c->has & EXT_SAN && n + 2 < room && san_next(c->san, &at, &name)) {
        if (n)
            out[n++] = '\n';
        n += gen_name_text(&name, out + n, room - n);
    }
}

static bool insert(struct ca_register *r, const struct cert *c, const char *names, const char *profile, int64_t now,
                   struct report *rep)
{
    char          serial[64], subject[1024], sha256[80];
    uint8_t       digest[32];
    sqlite3_stmt *s = NULL;
    bool          ok;
    text_hex(serial, sizeof serial, c->serial.p, c->serial.n, 0);
    dn_text(c->subject, subject, sizeof subject);
    cert_sha256(c, digest);
    text_hex(sha256, sizeof sha256, digest, sizeof digest, 0);
    ok = sqlite3_prepare_v2(r->db,
                            "INSERT INTO certificate (serial, subject, names, profile, not_before, not_after, sha256, "
                            "issued_at, der) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            -1, &s, NULL) == SQLITE_OK &&
         sqlite3_bind_text(s, 1, serial, -1, SQLITE_STATIC) == SQLITE_OK &&
         sqlite3_bind_text(s, 2, subject, -1, SQLITE_STATIC) == SQLITE_OK &&
         sqlite3_bind_text(s, 3, names, -1, SQLITE_STATIC) == SQLITE_OK &&
         sqlite3_bind_text(s, 4, profile, -1, SQLITE_STATIC) == SQLITE_OK &&
         sqlite3_bind_int64(s, 5, c->not_before) == SQLITE_OK && sqlite3_bind_int64(s, 6, c->not_after) == SQLITE_OK &&
         sqlite3_bind_text(s, 7, sha256, -1, SQLITE_STATIC) == SQLITE_OK &&
         sqlite3_bind_int64(s, 8, now) == SQLITE_OK &&
         sqlite3_bind_blob(s, 9, c->der.p, (int)c->der.n, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(s) == SQLITE_DONE;
    ok = ok || refused(r, rep);
    sqlite3_finalize(s);
    return ok;
}

bool ca_register_add(struct ca_register *r, hf_view der, const char *profile, int64_t now, struct report *rep)
{
    struct cert c;
    char       *names = malloc(REGISTER_NAMES_MAX);
    bool        ok;
    if (!names)
        return no_memory(rep, REGISTER_NAMES_MAX);
    ok = cert_parse(&c, der, rep);
    if (ok) {
        names_of(&c, names, REGISTER_NAMES_MAX);
        ok = insert(r, &c, names, profile, now, rep);
    }
    free(names);
    return ok;
}

bool ca_register_each(struct ca_register *r, int64_t from, int64_t until,
                      bool (*each)(void *ctx, const struct ca_row *row), void *ctx, struct report *rep)
{
    sqlite3_stmt *s    = NULL;
    bool          more = true;
    int           code;
    if (sqlite3_prepare_v2(r->db,
                           "SELECT serial, subject, names, profile, status, sha256, not_before, not_after, issued_at "
                           "FROM certificate WHERE not_after BETWEEN ? AND ? ORDER BY n",
                           -1, &s, NULL) != SQLITE_OK)
        return refused(r, rep);
    sqlite3_bind_int64(s, 1, from);
    sqlite3_bind_int64(s, 2, until);
    while ((code = sqlite3_step(s)) == SQLITE_ROW && more)
        more = each(ctx, &(struct ca_row){.serial     = column(s, 0),
                                          .subject    = column(s, 1),
                                          .names      = column(s, 2),
                                          .profile    = column(s, 3),
                                          .status     = column(s, 4),
                                          .sha256     = column(s, 5),
                                          .not_before = sqlite3_column_int64(s, 6),
                                          .not_after  = sqlite3_column_int64(s, 7),
                                          .issued_at  = sqlite3_column_int64(s, 8)});
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        refused(r, rep);
    sqlite3_finalize(s);
    return more && !report_bad(rep);
}
