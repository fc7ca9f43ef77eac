/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_refuse.c - for each check of certificate parsing the bytes that trip it: a good certificate with one part
 * replaced. The report must name that check, and the byte that is marked in the part. Every check from 1000 to
 * 1399 must be in the table: the last test says which is not.
 */
#include "x509_notation.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/rd.h"
#include "x509/cert.h"

enum part {
    VERSION,
    SERIAL,
    TBS_ALG,
    ISSUER,
    VALIDITY,
    SUBJECT,
    SPKI,
    UNIQUE_IDS,
    EXTENSIONS,
    TBS_END,
    ALG,
    SIGNATURE,
    CERT_END,
    BEHIND,
    N_PARTS,
    BOTH_ALGS, /* TBS_ALG and ALG */
    WHOLE      /* the whole certificate */
};

#define ECDSA_SHA256 "30{06{2a8648ce3d040302}}"
#define NAME(text)   "30{31{30{06{550403}0c{'" text "'}}}}"

static const char *const good[N_PARTS] = {
    [VERSION]    = "a0{020102}",
    [SERIAL]     = "020105",
    [TBS_ALG]    = ECDSA_SHA256,
    [ISSUER]     = NAME("CA"),
    [VALIDITY]   = "30{17{'260101000000Z'}17{'270101000000Z'}}",
    [SUBJECT]    = NAME("leaf"),
    [SPKI]       = "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{000455aa}}",
    [UNIQUE_IDS] = "",
    [EXTENSIONS] = "",
    [TBS_END]    = "",
    [ALG]        = ECDSA_SHA256,
    [SIGNATURE]  = "03{003006020101020101}",
    [CERT_END]   = "",
    [BEHIND]     = "",
};

#define EXTS(list)           "a3{30{" list "}}"
#define EXT(oid, value)      EXTS("30{06{" oid "}04{" value "}}")
#define KEY(params, key)     "30{30{06{" params "}03{00" key "}}"
#define RSA                  "2a864886f70d010101}0500"
#define RSA_NUMBERS          "30{020500ffffffff0203010001}"
#define PSS                  "2a864886f70d01010a"
#define PSS_ALG(fields)      "30{06{" PSS "}30{" fields "}}"
#define SHA256               "30{06{608648016503040201}}"
#define TIMES(before, after) "30{" before after "}"
#define AFTER                "17{'270101000000Z'}"

/* OIDs of extensions */
#define SUBJECT_DIR "551d09"
#define SKI         "551d0e"
#define KU          "551d0f"
#define SAN         "551d11"
#define IAN         "551d12"
#define BASIC       "551d13"
#define NC          "551d1e"
#define CRLDP       "551d1f"
#define POLICIES    "551d20"
#define MAPPINGS    "551d21"
#define AKI         "551d23"
#define POLICY_CONS "551d24"
#define EKU         "551d25"
#define FRESHEST    "551d2e"
#define INHIBIT     "551d36"
#define AIA         "2b06010505070101"
#define SIA         "2b0601050507010b"
#define TLS_FEATURE "2b06010505070118"
#define NOCHECK     "2b0601050507300105"
#define SCT         "2b06010401d679020402"

static const struct row {
    enum check  check;
    enum part   part;
    const char *bytes;
} rows[] = {
    /* DER */
    {DER_HEADER_CUT, WHOLE, "!30"},
    {DER_HEADER_CUT, WHOLE, "!308201"},
    {DER_HEADER_CUT, EXTENSIONS, EXTS("30{06{2a03}0400}!30")},
    {DER_CONTENTS_CUT, WHOLE, "!300500"},
    {DER_CONTENTS_CUT, SERIAL, "!02847fffffff"},
    {DER_CONTENTS_CUT, SERIAL, "!0284ffffffff"},
    {DER_TAG_HIGH, SUBJECT, "30{31{30{06{550403}!1f2100}}}"},
    {DER_LENGTH_INDEFINITE, WHOLE, "!3080 0000"},
    {DER_LENGTH_INDEFINITE, SERIAL, "!0280 05 0000"},
    {DER_LENGTH_NOT_MINIMAL, SERIAL, "!028101 05"},
    {DER_LENGTH_NOT_MINIMAL, SERIAL, "!02820001 05"},
    {DER_LENGTH_NOT_MINIMAL, SUBJECT, "!3082000f 310d 300b 0603550403 0c04 6c656166"},
    {DER_LENGTH_HUGE, SERIAL, "!02850000000001 05"},
    {DER_LENGTH_HUGE, SERIAL, "!02ff"},
    {DER_INTEGER_EMPTY, SERIAL, "0200!"},
    {DER_INTEGER_NOT_MINIMAL, SERIAL, "02{!0005}"},
    {DER_INTEGER_NOT_MINIMAL, SERIAL, "02{!ff80}"},
    {DER_INTEGER_NEGATIVE, EXTENSIONS, EXT(BASIC, "30{0101ff 0201!ff}")},
    {DER_INTEGER_NEGATIVE, SPKI, KEY(RSA, "30{0201!80 0203010001}")},
    {DER_BOOLEAN_FORM, EXTENSIONS, EXT(BASIC, "30{0101!01}")},
    {DER_BOOLEAN_FORM, EXTENSIONS, EXT(BASIC, "30{0100!}")},
    {DER_BOOLEAN_FORM, EXTENSIONS, EXT(BASIC, "30{0102!ffff}")},
    {DER_BITS_UNUSED, SIGNATURE, "03{08!00}"},
    {DER_BITS_UNUSED, SIGNATURE, "03{!}"},
    {DER_BITS_UNUSED, EXTENSIONS, EXT(KU, "03{01!}")},
    {DER_BITS_NOT_BYTES, SIGNATURE, "03{01!00}"},
    {DER_BITS_NOT_ZERO, EXTENSIONS, EXT(KU, "03{07!c0}")},
    {DER_OID_FORM, ISSUER, "30{31{30{06{!}0c{'CA'}}}}"},
    {DER_OID_FORM, ISSUER, "30{31{30{06{!80550403}0c{'CA'}}}}"},
    {DER_OID_FORM, ISSUER, "30{31{30{06{!55048003}0c{'CA'}}}}"},
    {DER_OID_FORM, ISSUER, "30{31{30{06{!550483}0c{'CA'}}}}"},
    {DER_NULL_FORM, EXTENSIONS, EXT(NOCHECK, "05{!00}")},
    {DER_TIME_FORM, VALIDITY, TIMES("17{!'2601010000Z'}", AFTER)},
    {DER_TIME_FORM, VALIDITY, TIMES("17{!'260101000000+0000'}", AFTER)},
    {DER_TIME_FORM, VALIDITY, TIMES("17{!'2601010000000'}", AFTER)},
    {DER_TIME_FORM, VALIDITY, TIMES("18{!'20510101000000.5Z'}", AFTER)},
    {DER_TIME_FORM, VALIDITY, TIMES("18{!'205101010000Z'}", AFTER)},
    {DER_TIME_FORM, VALIDITY, TIMES("17{!}", AFTER)},
    {DER_TIME_NO_SUCH, VALIDITY, TIMES("17{!'260229000000Z'}", AFTER)},
    {DER_TIME_NO_SUCH, VALIDITY, TIMES("17{!'260001000000Z'}", AFTER)},
    {DER_TIME_NO_SUCH, VALIDITY, TIMES("17{!'261301000000Z'}", AFTER)},
    {DER_TIME_NO_SUCH, VALIDITY, TIMES("17{!'260101240000Z'}", AFTER)},
    {DER_TIME_NO_SUCH, VALIDITY, TIMES("17{!'260101006000Z'}", AFTER)},
    {DER_TIME_NO_SUCH, VALIDITY, TIMES("17{!'260101000060Z'}", AFTER)},
    {DER_TIME_NO_SUCH, VALIDITY, TIMES("17{!'26 101000000Z'}", AFTER)},
    {DER_TIME_NO_SUCH, VALIDITY, TIMES("17{!'-60101000000Z'}", AFTER)},
    {DER_TIME_NOT_UTC, VALIDITY, TIMES("18{!'20260101000000Z'}", AFTER)},
    {DER_TIME_NOT_UTC, VALIDITY, TIMES("18{!'20491231235959Z'}", AFTER)},

    /* the certificate */
    {CERT_NOT_SEQUENCE, WHOLE, "!"},
    {CERT_NOT_SEQUENCE, WHOLE, "!0400"},
    {CERT_NO_TBS, WHOLE, "30{!}"},
    {CERT_NO_TBS, WHOLE, "30{!0400}"},
    {CERT_NO_ALG, ALG, "!0500"},
    {CERT_NO_SIGNATURE, SIGNATURE, "!"},
    {CERT_NO_SIGNATURE, SIGNATURE, "!0400"},
    {CERT_TRAILING, CERT_END, "!0500"},
    {CERT_BYTES_BEHIND, BEHIND, "!00"},
    {CERT_VERSION_FORM, VERSION, "a0{!0500}"},
    {CERT_VERSION_FORM, VERSION, "a0{!}"},
    {CERT_VERSION_DEFAULT, VERSION, "a0{0201!00}"},
    {CERT_VERSION_UNKNOWN, VERSION, "a0{0201!03}"},
    {CERT_VERSION_UNKNOWN, VERSION, "a0{0209!010000000000000000}"},
    {CERT_VERSION_TRAILING, VERSION, "a0{020102!0500}"},
    {CERT_NO_SERIAL, SERIAL, "!"},
    {CERT_NO_SERIAL, SERIAL, "!0500"},
    {CERT_NO_TBS_ALG, TBS_ALG, "!0500"},
    {CERT_ALG_MISMATCH, ALG, "!30{06{2a8648ce3d040303}}"},
    {CERT_NO_ISSUER, ISSUER, "!0500"},
    {CERT_ISSUER_EMPTY, ISSUER, "!30{}"},
    {CERT_NO_VALIDITY, VALIDITY, "!0500"},
    {CERT_NO_NOT_BEFORE, VALIDITY, TIMES("!0c{'260101000000Z'}", AFTER)},
    {CERT_NO_NOT_BEFORE, VALIDITY, "30{!}"},
    {CERT_NO_NOT_AFTER, VALIDITY, TIMES(AFTER, "!16{'270101000000Z'}")},
    {CERT_NO_NOT_AFTER, VALIDITY, TIMES(AFTER, "!")},
    {CERT_VALIDITY_TRAILING, VALIDITY, TIMES(AFTER AFTER, "!" AFTER)},
    {CERT_NO_SUBJECT, SUBJECT, "!31{}"},
    {CERT_NO_SPKI, SPKI, "!0500"},
    {CERT_EXTENSIONS_FORM, EXTENSIONS, "a3{!0500}"},
    {CERT_EXTENSIONS_TRAILING, EXTENSIONS, "a3{30{30{06{2a03}0400}}!0500}"},
    {CERT_TBS_TRAILING, TBS_END, "!a4{}"},
    {CERT_TBS_TRAILING, TBS_END, "!a0{020102}"},

    /* names */
    {DN_RDN_NOT_SET, SUBJECT, "30{!30{30{06{550403}0c{'x'}}}}"},
    {DN_RDN_EMPTY, SUBJECT, "30{31{!}}"},
    {DN_NOT_SEQUENCE, SUBJECT, "30{31{!31{06{550403}0c{'x'}}}}"},
    {DN_NO_TYPE, SUBJECT, "30{31{30{!0c{'x'}}}}"},
    {DN_NO_TYPE, SUBJECT, "30{31{30{!}}}"},
    {DN_NO_VALUE, SUBJECT, "30{31{30{06{550403}!}}}"},
    {DN_TRAILING, SUBJECT, "30{31{30{06{550403}0c{'x'}!0c{'y'}}}}"},

    /* algorithms and keys */
    {ALG_NO_OID, BOTH_ALGS, "30{!}"},
    {ALG_NO_OID, BOTH_ALGS, "30{!0500}"},
    {ALG_NULL_TRAILING, BOTH_ALGS, "30{06{2a864886f70d01010b}0500!0500}"},
    {SIG_RSA_PARAMS, BOTH_ALGS, "30{06{2a864886f70d01010b}!30{}}"},
    {SIG_ECDSA_PARAMS, BOTH_ALGS, "30{06{2a8648ce3d040302}!0500}"},
    {SIG_EDDSA_PARAMS, BOTH_ALGS, "30{06{2b6570}!0500}"},
    {SPKI_NO_ALG, SPKI, "30{!03{00}}"},
    {SPKI_NO_KEY, SPKI, "30{" ECDSA_SHA256 "!04{00}}"},
    {SPKI_TRAILING, SPKI, "30{" ECDSA_SHA256 "03{00}!0500}"},
    {RSA_PARAMS, SPKI, KEY("2a864886f70d010101}!", RSA_NUMBERS)},
    {RSA_PARAMS, SPKI, KEY("2a864886f70d010101}!0400", RSA_NUMBERS)},
    {RSA_KEY_FORM, SPKI, KEY(RSA, "!31{}")},
    {RSA_KEY_TRAILING, SPKI, KEY(RSA, RSA_NUMBERS "!00")},
    {RSA_NO_MODULUS, SPKI, KEY(RSA, "30{!}")},
    {RSA_NO_EXPONENT, SPKI, KEY(RSA, "30{0203010001!}")},
    {RSA_TRAILING, SPKI, KEY(RSA, "30{0203010001 0203010001!0500}")},
    {EC_NO_CURVE, SPKI, KEY("2a8648ce3d0201}!", "04")},
    {EC_NO_CURVE, SPKI, KEY("2a8648ce3d0201}!0400", "04")},
    {EC_CURVE_TRAILING, SPKI, KEY("2a8648ce3d0201}06{2a8648ce3d030107}!0500", "04")},
    {EDDSA_PARAMS, SPKI, KEY("2b6570}!0500", "04")},
    {EDDSA_KEY_LENGTH, SPKI, KEY("2b6570}", "!04")},
    {EDDSA_KEY_LENGTH, SPKI, KEY("2b6571}", "!'a key of thirty-two bytes for Ed'")},
    {PSS_NO_PARAMS, BOTH_ALGS, "30{06{" PSS "}!}"},
    {PSS_NO_PARAMS, BOTH_ALGS, "30{06{" PSS "}!0500}"},
    {PSS_NO_PARAMS, SPKI, KEY(PSS "}!0500", RSA_NUMBERS)},
    {PSS_PARAMS_TRAILING, BOTH_ALGS, "30{06{" PSS "}30{}!0500}"},
    {PSS_NO_HASH, BOTH_ALGS, PSS_ALG("a0{!}")},
    {PSS_HASH_TRAILING, BOTH_ALGS, PSS_ALG("a0{" SHA256 "!0500}")},
    {PSS_HASH_PARAMS, BOTH_ALGS, PSS_ALG("a0{30{06{608648016503040201}!0400}}")},
    {ALG_NULL_TRAILING, BOTH_ALGS, PSS_ALG("a0{30{06{608648016503040201}0500!0500}}")},
    {PSS_NO_MGF, BOTH_ALGS, PSS_ALG("a1{!}")},
    {PSS_MGF_TRAILING, BOTH_ALGS, PSS_ALG("a1{30{06{2a864886f70d010108}" SHA256 "}!0500}")},
    {PSS_NOT_MGF1, BOTH_ALGS, PSS_ALG("a1{30{06{2a864886f70d010109}" SHA256 "}!}")},
    {PSS_NO_HASH, BOTH_ALGS, PSS_ALG("a1{30{06{2a864886f70d010108}!}}")},
    {PSS_SALT_FORM, BOTH_ALGS, PSS_ALG("a2{!0500}")},
    {DER_INTEGER_NEGATIVE, BOTH_ALGS, PSS_ALG("a2{0201!ff}")},
    {PSS_SALT_TRAILING, BOTH_ALGS, PSS_ALG("a2{020120!020120}")},
    {PSS_TRAILER_FORM, BOTH_ALGS, PSS_ALG("a3{!0500}")},
    {PSS_TRAILER_NOT_1, BOTH_ALGS, PSS_ALG("a3{0201!02}")},
    {PSS_TRAILER_TRAILING, BOTH_ALGS, PSS_ALG("a3{020101!020101}")},
    {PSS_TRAILING, BOTH_ALGS, PSS_ALG("a2{020120}!a0{" SHA256 "}")},
    {PSS_TRAILING, BOTH_ALGS, PSS_ALG("!a4{020120}")},

    /* general names */
    {NAME_KIND, EXTENSIONS, EXT(SAN, "30{!800161}")},
    {NAME_KIND, EXTENSIONS, EXT(SAN, "30{!a20161}")},
    {NAME_KIND, EXTENSIONS, EXT(SAN, "30{!890161}")},
    {NAME_KIND, EXTENSIONS, EXT(SAN, "30{!0c0161}")},
    {NAME_OTHER_NO_TYPE, EXTENSIONS, EXT(SAN, "30{a0{!a0{0500}}}")},
    {NAME_OTHER_NO_VALUE, EXTENSIONS, EXT(SAN, "30{a0{06{2a03}!0500}}")},
    {NAME_OTHER_EMPTY, EXTENSIONS, EXT(SAN, "30{a0{06{2a03}a0{!}}}")},
    {NAME_OTHER_VALUE_TRAILING, EXTENSIONS, EXT(SAN, "30{a0{06{2a03}a0{0500!0500}}}")},
    {NAME_OTHER_TRAILING, EXTENSIONS, EXT(SAN, "30{a0{06{2a03}a0{0500}!0500}}")},
    {NAME_NOT_IA5, EXTENSIONS, EXT(SAN, "30{82{!'m' c3bc 'ller.example'}}")},
    {NAME_NOT_IA5, EXTENSIONS, EXT(SAN, "30{81{!'m' c3bc 'ller@example'}}")},
    {NAME_NOT_IA5, EXTENSIONS, EXT(SAN, "30{86{!'x:' c3bc}}")},
    {NAME_EMPTY, EXTENSIONS, EXT(SAN, "30{82{!}}")},
    {NAME_IP_LENGTH, EXTENSIONS, EXT(SAN, "30{87{!}}")},
    {NAME_IP_LENGTH, EXTENSIONS, EXT(SAN, "30{87{!0a00000a00}}")},
    {NAME_IP_LENGTH, EXTENSIONS, EXT(SAN, "30{87{!0a000000ff000000}}")},
    {NAME_IP_LENGTH, EXTENSIONS, EXT(NC, "30{a0{30{87{!0a000000}}}}")},
    {NAME_DN_FORM, EXTENSIONS, EXT(SAN, "30{a4{!31{}}}")},
    {NAME_DN_TRAILING, EXTENSIONS, EXT(SAN, "30{a4{30{}!0500}}")},
    {DER_OID_FORM, EXTENSIONS, EXT(SAN, "30{88{!}}")},
    {NAMES_NONE, EXTENSIONS, EXT(SAN, "30{!}")},

    /* extensions */
    {CERT_EXTS_NONE, EXTENSIONS, EXTS("!")},
    {CERT_EXT_NOT_SEQUENCE, EXTENSIONS, EXTS("!0500")},
    {CERT_EXT_NO_OID, EXTENSIONS, EXTS("30{!}")},
    {CERT_EXT_NO_VALUE, EXTENSIONS, EXTS("30{06{2a03}!}")},
    {CERT_EXT_NO_VALUE, EXTENSIONS, EXTS("30{06{2a03}!03{00}}")},
    {CERT_EXT_TRAILING, EXTENSIONS, EXTS("30{06{2a03}0400!0500}")},
    {CERT_EXT_TWICE, EXTENSIONS, EXTS("30{06{" SKI "}04{040101}}!30{06{" SKI "}04{040102}}")},
    {CERT_EXT_TWICE, EXTENSIONS, EXTS("30{06{2a03}0400}30{06{2a04}0400}!30{06{2a03}0400}")},
    {CERT_EXT_VALUE_TRAILING, EXTENSIONS, EXT(SKI, "040101!0500")},
    {AKI_FORM, EXTENSIONS, EXT(AKI, "!0500")},
    {AKI_TRAILING, EXTENSIONS, EXT(AKI, "30{800101!830101}")},
    {SKI_FORM, EXTENSIONS, EXT(SKI, "!0500")},
    {KU_FORM, EXTENSIONS, EXT(KU, "!0500")},
    {POLICIES_FORM, EXTENSIONS, EXT(POLICIES, "!0500")},
    {POLICIES_NONE, EXTENSIONS, EXT(POLICIES, "30{!}")},
    {POLICY_FORM, EXTENSIONS, EXT(POLICIES, "30{!0500}")},
    {POLICY_NO_ID, EXTENSIONS, EXT(POLICIES, "30{30{!0500}}")},
    {POLICY_TWICE, EXTENSIONS, EXT(POLICIES, "30{30{06{2a03}}30{06{2a04}}30{06{2a03}!}}")},
    {POLICY_TRAILING, EXTENSIONS, EXT(POLICIES, "30{30{06{2a03}!0500}}")},
    {POLICY_NO_QUALIFIER, EXTENSIONS, EXT(POLICIES, "30{30{06{2a03}30{!}}}")},
    {POLICY_QUALIFIER_FORM, EXTENSIONS, EXT(POLICIES, "30{30{06{2a03}30{!0500}}}")},
    {POLICY_QUALIFIER_NO_TYPE, EXTENSIONS, EXT(POLICIES, "30{30{06{2a03}30{30{!0500}}}}")},
    {POLICY_QUALIFIER_NO_VALUE, EXTENSIONS, EXT(POLICIES, "30{30{06{2a03}30{30{06{2a03}!}}}}")},
    {POLICY_QUALIFIER_TRAILING, EXTENSIONS, EXT(POLICIES, "30{30{06{2a03}30{30{06{2a03}0500!0500}}}}")},
    {POLICY_MAP_FORM, EXTENSIONS, EXT(MAPPINGS, "!0500")},
    {POLICY_MAP_NONE, EXTENSIONS, EXT(MAPPINGS, "30{!}")},
    {POLICY_MAP_PAIR, EXTENSIONS, EXT(MAPPINGS, "30{!0500}")},
    {POLICY_MAP_NO_ISSUER, EXTENSIONS, EXT(MAPPINGS, "30{30{!}}")},
    {POLICY_MAP_NO_SUBJECT, EXTENSIONS, EXT(MAPPINGS, "30{30{06{2a03}!}}")},
    {POLICY_MAP_TRAILING, EXTENSIONS, EXT(MAPPINGS, "30{30{06{2a03}06{2a04}!0500}}")},
    {SAN_FORM, EXTENSIONS, EXT(SAN, "!0500")},
    {SAN_FORM, EXTENSIONS, EXT(SAN, "!")},
    {IAN_FORM, EXTENSIONS, EXT(IAN, "!0500")},
    {SUBJECT_DIR_FORM, EXTENSIONS, EXT(SUBJECT_DIR, "!0500")},
    {SUBJECT_DIR_NONE, EXTENSIONS, EXT(SUBJECT_DIR, "30{!}")},
    {SUBJECT_DIR_ATTRIBUTE, EXTENSIONS, EXT(SUBJECT_DIR, "30{!0500}")},
    {SUBJECT_DIR_NO_TYPE, EXTENSIONS, EXT(SUBJECT_DIR, "30{30{!}}")},
    {SUBJECT_DIR_NO_VALUES, EXTENSIONS, EXT(SUBJECT_DIR, "30{30{06{2a03}!}}")},
    {SUBJECT_DIR_NO_VALUE, EXTENSIONS, EXT(SUBJECT_DIR, "30{30{06{2a03}31{!}}}")},
    {SUBJECT_DIR_TRAILING, EXTENSIONS, EXT(SUBJECT_DIR, "30{30{06{2a03}31{0500}!0500}}")},
    {BASIC_FORM, EXTENSIONS, EXT(BASIC, "!0500")},
    {BASIC_TRAILING, EXTENSIONS, EXT(BASIC, "30{020101!0101ff}")},
    {NC_FORM, EXTENSIONS, EXT(NC, "!0500")},
    {NC_EMPTY, EXTENSIONS, EXT(NC, "30{!}")},
    {NC_TRAILING, EXTENSIONS, EXT(NC, "30{a1{30{82{'a'}}}!a0{30{82{'a'}}}}")},
    {NC_NO_SUBTREE, EXTENSIONS, EXT(NC, "30{a0{!}}")},
    {NC_NO_SUBTREE, EXTENSIONS, EXT(NC, "30{a0{30{82{'a'}}}a1{!}}")},
    {NC_SUBTREE_FORM, EXTENSIONS, EXT(NC, "30{a0{!82{'a'}}}")},
    {NC_MINIMUM, EXTENSIONS, EXT(NC, "30{a0{30{82{'a'}8001!01}}}")},
    {NC_SUBTREE_TRAILING, EXTENSIONS, EXT(NC, "30{a0{30{82{'a'}!810101}}}")},
    {POLICY_CONS_FORM, EXTENSIONS, EXT(POLICY_CONS, "!0500")},
    {POLICY_CONS_EMPTY, EXTENSIONS, EXT(POLICY_CONS, "30{!}")},
    {POLICY_CONS_TRAILING, EXTENSIONS, EXT(POLICY_CONS, "30{810100!800100}")},
    {EKU_FORM, EXTENSIONS, EXT(EKU, "!0500")},
    {EKU_NONE, EXTENSIONS, EXT(EKU, "30{!}")},
    {EKU_NOT_OID, EXTENSIONS, EXT(EKU, "30{!0500}")},
    {CRLDP_FORM, EXTENSIONS, EXT(CRLDP, "!0500")},
    {CRLDP_NONE, EXTENSIONS, EXT(CRLDP, "30{!}")},
    {CRLDP_POINT_FORM, EXTENSIONS, EXT(CRLDP, "30{!0500}")},
    {CRLDP_NAME_FORM, EXTENSIONS, EXT(CRLDP, "30{30{a0{!}}}")},
    {CRLDP_NAME_FORM, EXTENSIONS, EXT(CRLDP, "30{30{a0{!a2{}}}}")},
    {DN_RDN_EMPTY, EXTENSIONS, EXT(CRLDP, "30{30{a0{a1{!}}}}")},
    {NAMES_NONE, EXTENSIONS, EXT(CRLDP, "30{30{a0{a0{!}}}}")},
    {CRLDP_NAME_TRAILING, EXTENSIONS, EXT(CRLDP, "30{30{a0{a0{82{'a'}}!a0{82{'a'}}}}}")},
    {CRLDP_TRAILING, EXTENSIONS, EXT(CRLDP, "30{30{!0500}}")},
    {INHIBIT_ANY_FORM, EXTENSIONS, EXT(INHIBIT, "!0500")},
    {FRESHEST_FORM, EXTENSIONS, EXT(FRESHEST, "!0500")},
    {CRLDP_NONE, EXTENSIONS, EXT(FRESHEST, "30{!}")},
    {AIA_FORM, EXTENSIONS, EXT(AIA, "!0500")},
    {SIA_FORM, EXTENSIONS, EXT(SIA, "!0500")},
    {ACCESS_NONE, EXTENSIONS, EXT(AIA, "30{!}")},
    {ACCESS_FORM, EXTENSIONS, EXT(AIA, "30{!0500}")},
    {ACCESS_NO_METHOD, EXTENSIONS, EXT(AIA, "30{30{!}}")},
    {NAME_KIND, EXTENSIONS, EXT(AIA, "30{30{06{2a03}!}}")},
    {ACCESS_TRAILING, EXTENSIONS, EXT(SIA, "30{30{06{2a03}86{'x:'}!0500}}")},
    {TLS_FEATURE_FORM, EXTENSIONS, EXT(TLS_FEATURE, "!0500")},
    {TLS_FEATURE_NOT_INTEGER, EXTENSIONS, EXT(TLS_FEATURE, "30{!0500}")},
    {OCSP_NOCHECK_FORM, EXTENSIONS, EXT(NOCHECK, "!3000")},
    {SCT_FORM, EXTENSIONS, EXT(SCT, "!0500")},
    {DER_VALUE_SHORT, EXTENSIONS, EXT(SCT, "04{!00}")},
    {SCT_LIST_LENGTH, EXTENSIONS, EXT(SCT, "04{0005!000100}")},
    {SCT_LIST_TRAILING, EXTENSIONS, EXT(SCT, "04{0003000100!00}")},
    {SCT_NONE, EXTENSIONS, EXT(SCT, "04{0000!}")},
    {SCT_LENGTH, EXTENSIONS, EXT(SCT, "04{00030002!00}")},
};

static bool tripped[65536];

/* The certificate with parts replaced, in notation. */
static struct notation build(const char *const parts[N_PARTS])
{
    char           *text = malloc(NOTATION_ROOM * 3);
    struct notation d;
    size_t          n = 0;
    assert_non_null(text);
    text[0] = '\0';
    n += (size_t)sprintf(text + n, "30{30{");
    for (int i = 0; i < N_PARTS; i++)
        n += (size_t)sprintf(text + n, "%s%s%s",
                             i == BEHIND ? "}"
                             : i == ALG  ? "}"
                                         : "",
                             parts[i], i == N_PARTS - 1 ? "" : " ");
    d = notation(text);
    free(text);
    return d;
}

static struct notation build_with(enum part part, const char *bytes)
{
    const char *parts[N_PARTS];
    memcpy(parts, good, sizeof parts);
    if (part == WHOLE)
        return notation(bytes);
    parts[part == BOTH_ALGS ? ALG : part] = bytes;
    if (part == BOTH_ALGS)
        parts[TBS_ALG] = bytes;
    return build(parts);
}

static hf_why parse(const struct notation *d, struct cert *c)
{
    struct report rep;
    struct mem    mem = {0};
    report_init(&rep);
    report_keep(&rep, &mem);
    bool ok = cert_parse(c, notation_view(d), &rep);
    assert_true(ok == !report_bad(&rep));
    assert_int_equal(rep.n_findings, ok ? 0 : 1); /* one cause, and nothing that only follows from it */
    report_drop(&rep);
    return rep.why;
}

static unsigned wrong; /* rows that were not refused as expected: all are shown before the test fails */

static void expect(const struct notation *d, enum check check, const char *what)
{
    struct cert c;
    hf_why      why = parse(d, &c);
    tripped[check]  = true;
    if (why.check != check)
        wrong++, print_error("%s: %s, expected %s\n", what, hf_check_info_of(why.check)->name,
                             hf_check_info_of(check)->name);
    else if (d->mark >= 0 && why.offset != (size_t)d->mark)
        wrong++, print_error("%s: %s at byte %u, expected at %ld\n", what, hf_check_info_of(check)->name, why.offset,
                             d->mark);
    else
        assert_string_equal(hf_check_info_of(check)->reason, "malformed-certificate");
}

static void test_good(void **state)
{
    struct notation d = build(good);
    struct cert     c;
    assert_int_equal(parse(&d, &c).check, CHECK_NONE);
    assert_int_equal(c.version, 3);
    assert_int_equal(c.has, 0);
    assert_int_equal(c.path_len, -1);
    free(d.p);
}

static void test_rows(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notation d = build_with(rows[i].part, rows[i].bytes);
        expect(&d, rows[i].check, rows[i].bytes);
        free(d.p);
    }
    assert_int_equal(wrong, 0);
}

/* Those that need two parts to be changed. */
static void test_versions(void **state)
{
    const char *parts[N_PARTS];
    memcpy(parts, good, sizeof parts);
    parts[VERSION]    = "";
    parts[UNIQUE_IDS] = "81{!00aa}";
    struct notation d = build(parts);
    expect(&d, CERT_UNIQUE_ID_V1, "unique identifier in version 1");
    free(d.p);
    parts[UNIQUE_IDS] = "";
    parts[EXTENSIONS] = "a3{!30{30{06{2a03}0400}}}";
    d                 = build(parts);
    expect(&d, CERT_EXTENSIONS_OLD, "extensions in version 1");
    free(d.p);
    parts[VERSION] = "a0{020101}";
    d              = build(parts);
    expect(&d, CERT_EXTENSIONS_OLD, "extensions in version 2");
    free(d.p);
    memcpy(parts, good, sizeof parts);
    parts[SUBJECT]    = "!30{}";
    parts[EXTENSIONS] = EXT(BASIC, "30{0101ff}");
    d                 = build(parts);
    expect(&d, CERT_CA_SUBJECT_EMPTY, "CA without a name");
    free(d.p);
    assert_int_equal(wrong, 0);
}

/* s, n times, between a head and an end; '#' in s becomes an arc of an OID, another one each time. */
static char *repeated(const char *head, const char *s, unsigned n, const char *end)
{
    char *text = malloc(strlen(head) + n * (strlen(s) + 4) + strlen(end) + 1), *p = text;
    assert_non_null(text);
    p = stpcpy(p, head);
    for (unsigned i = 0; i < n; i++)
        for (const char *c = s; *c; c++)
            if (*c == '#')
                p += sprintf(p, "%02x%02x", 0x81 + (i >> 7), i & 0x7f);
            else
                *p++ = *c;
    strcpy(p, end);
    return text;
}

static void ceiling(enum part part, const char *head, const char *s, unsigned most, const char *end, enum check check)
{
    struct cert     c;
    char           *text = repeated(head, s, most, end);
    struct notation d    = build_with(part, text);
    assert_int_equal(parse(&d, &c).check, CHECK_NONE);
    free(d.p);
    free(text);
    text = repeated(head, s, most + 1, end);
    d    = build_with(part, text);
    expect(&d, check, s);
    free(d.p);
    free(text);
    assert_int_equal(wrong, 0);
}

static void test_ceilings(void **state)
{
    ceiling(SERIAL, "02{01", "00", LIMIT_SERIAL - 1, "}", CERT_SERIAL_LONG);
    ceiling(SUBJECT, "30{31{", "30{06{550403}0c{'x'}}", LIMIT_RDN_VALUES, "}}", DN_RDN_LARGE);
    ceiling(EXTENSIONS, "a3{30{", "30{06{2a#}0400}", LIMIT_CERT_EXTENSIONS, "}}", CERT_EXTS_TOO_MANY);
    ceiling(EXTENSIONS, "a3{30{30{06{" SAN "}04{30{", "82{'a'}", LIMIT_SAN_NAMES, "}}}}}", NAMES_TOO_MANY);
    ceiling(EXTENSIONS, "a3{30{30{06{" POLICIES "}04{30{", "30{06{2a#}}", LIMIT_POLICIES, "}}}}}", POLICIES_TOO_MANY);
    ceiling(EXTENSIONS, "a3{30{30{06{" MAPPINGS "}04{30{", "30{06{2a03}06{2a04}}", LIMIT_POLICIES, "}}}}}",
            POLICY_MAP_TOO_MANY);
}

static void test_too_large(void **state)
{
    char           *text = repeated("04{", "00", LIMIT_CERT, "}");
    struct notation d    = build_with(BEHIND, text);
    expect(&d, CERT_TOO_LARGE, "a large certificate");
    free(d.p);
    free(text);
    assert_int_equal(wrong, 0);
}

static void test_all_checks_are_here(void **state)
{
    for (unsigned id = 1000; id < 1400; id++)
        if (strcmp(hf_check_info_of((uint16_t)id)->name, "CHECK_NONE") && !tripped[id])
            fail_msg("no bytes trip %s", hf_check_info_of((uint16_t)id)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),      cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_versions),  cmocka_unit_test(test_ceilings),
                                       cmocka_unit_test(test_too_large), cmocka_unit_test(test_all_checks_are_here)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
