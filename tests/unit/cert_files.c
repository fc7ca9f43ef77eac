/* SPDX-License-Identifier: Apache-2.0
 *
 * cert_files.c - what people name where a certificate is wanted, as one's own certificate and as a CA to trust: each
 * file made by the program that people make it with, and the check that must say what it is.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/why.h"

static char dir[] = "/tmp/handfast-certs-XXXXXX";

static const char make[] = "openssl ecparam -name prime256v1 -genkey -noout -out ec.key && "
                           "openssl req -x509 -new -key ec.key -subj /CN=x -days 9 -out ec.crt && "
                           "printf '[ca]\\ndefault_ca=a\\n[a]\\ndatabase=index\\ndefault_md=sha256\\n"
                           "default_crl_days=9\\n' >ca.cnf && : >index";

static const struct {
    const char *command;
    enum check  own, trust;
} files[] = {
    {"cat ec.crt ec.key", CHECK_NONE, CHECK_NONE},
    {"sed 's/ CERT/ TRUSTED CERT/' ec.crt; cat ec.key", CHECK_NONE, CHECK_NONE},
    {"cat ec.key", CERT_FILE_IS_KEY, TRUST_FILE_IS_KEY},
    {"openssl pkey -in ec.key -outform DER", CERT_FILE_IS_KEY, TRUST_FILE_IS_KEY},
    {"openssl req -new -key ec.key -subj /CN=x", CERT_FILE_IS_REQUEST, TRUST_FILE_IS_CSR},
    {"openssl req -new -key ec.key -subj /CN=x -outform DER", CERT_FILE_IS_REQUEST, TRUST_FILE_IS_CSR},
    {"openssl ca -config ca.cnf -gencrl -keyfile ec.key -cert ec.crt", CERT_FILE_IS_CRL, TRUST_FILE_IS_CRL},
    {"openssl pkey -in ec.key -pubout", CERT_FILE_IS_PUBLIC, CERT_FILE_IS_PUBLIC},
    {"openssl pkey -in ec.key -pubout -outform DER", CERT_FILE_IS_PUBLIC, CERT_FILE_IS_PUBLIC},
    {"printf 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA alice@host\\n'", CERT_FILE_IS_PUBLIC, CERT_FILE_IS_PUBLIC},
    {"openssl pkcs12 -export -in ec.crt -nokeys -passout pass:x", KEY_ENCRYPTED, CERT_FILE_IS_P12},
    {"openssl crl2pkcs7 -nocrl -certfile ec.crt", CERT_FILE_IS_P7, CERT_FILE_IS_P7},
    {"openssl crl2pkcs7 -nocrl -certfile ec.crt -outform DER", CERT_FILE_IS_P7, CERT_FILE_IS_P7},
    {"printf '\\376\\355\\376\\355\\0\\0\\0\\2'", CERT_FILE_IS_JKS, CERT_FILE_IS_JKS},
    {"printf '\\316\\316\\316\\316\\0\\0\\0\\2'", CERT_FILE_IS_JKS, CERT_FILE_IS_JKS},
    {"printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nAAAA\\n-----END OPENSSH PRIVATE KEY-----\\n'",
     CERT_FILE_IS_FOREIGN, CERT_FILE_IS_FOREIGN},
    {"printf 'PuTTY-User-Key-File-3: ssh-ed25519\\n'", CERT_FILE_IS_FOREIGN, CERT_FILE_IS_FOREIGN},
    {"printf '\\n<!DOCTYPE html><html><body>404 Not Found</body></html>'", CERT_FILE_IS_HTML, CERT_FILE_IS_HTML},
    {"printf '\\377\\376'; sed 's/./&\\x00/g' ec.crt", CERT_FILE_IS_UTF16, CERT_FILE_IS_UTF16},
    {"grep -v -- ----- ec.crt", CERT_FILE_IS_BARE_BASE64, CERT_FILE_IS_BARE_BASE64},
    {"openssl x509 -in ec.crt -outform DER | head -c 100", CERT_FILE_IS_CUT_OFF, CERT_FILE_IS_CUT_OFF},
    {"head -c 200 ec.crt", PEM_BROKEN, PEM_BROKEN},
    {"openssl ecparam -name prime256v1", CRED_NO_CERTIFICATE, TRUST_FILE_NO_CERT},
    {"printf hello", CRED_NO_CERTIFICATE, TRUST_CERT_BROKEN},
    {"true", FILE_EMPTY, FILE_EMPTY},
};

static bool run(const char *command, const char *into)
{
    char line[1200];
    snprintf(line, sizeof line, "cd %s && { %s; } 2>err >%s", dir, command, into);
    return system(line) == 0;
}

static void is(const char *command, const char *as, const hf_why *why, enum check wanted)
{
    char said[512];
    hf_why_text(why, said, sizeof said);
    if (why->check != wanted)
        print_message("%s, as %s: %s\n", command, as, said);
    assert_int_equal(why->check, wanted);
    if (wanted)
        assert_non_null(strstr(said, "file")); /* the complaint names it */
}

static void each_file(void **state)
{
    char path[64], key[64];
    snprintf(path, sizeof path, "%s/file", dir);
    snprintf(key, sizeof key, "%s/ec.key", dir);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!run(files[i].command, "file"))
            fail_msg("this failed: %s", files[i].command);
        hf_cred  *own   = hf_cred_files(path, key, NULL, NULL);
        hf_trust *trust = hf_trust_new();
        hf_trust_anchor_file(trust, path);
        is(files[i].command, "our certificate", hf_cred_why(own), files[i].own);
        is(files[i].command, "a CA to trust", hf_trust_why(trust), files[i].trust);
        hf_cred_free(own);
        hf_trust_free(trust);
    }
}

static int set_up(void **state)
{
    return mkdtemp(dir) && run(make, "out") ? 0 : -1;
}

static int tear_down(void **state)
{
    char line[64];
    snprintf(line, sizeof line, "rm -r %s", dir);
    return system(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_file)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
