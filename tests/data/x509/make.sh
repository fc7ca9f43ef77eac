#!/bin/sh
# Makes the certificates beside this file with the openssl command (3.0). The keys are thrown away. The tests do
# not depend on keys, serial numbers or dates, so that the files can be made again.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

cat > "$keys/full.cnf" <<'END'
[full]
basicConstraints = critical,CA:TRUE,pathlen:3
keyUsage = critical,digitalSignature,keyCertSign,cRLSign
extendedKeyUsage = clientAuth,serverAuth,1.2.3.4
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer:always
subjectAltName = @names
issuerAltName = email:ca@example.com,URI:https://ca.example/
nameConstraints = critical,permitted;DNS:example.com,permitted;IP:10.0.0.0/255.0.0.0,excluded;email:.bad.example,permitted;dirName:tree
certificatePolicies = 1.2.3.4,@policy
policyMappings = 1.2.3.4:1.2.3.6
policyConstraints = requireExplicitPolicy:2,inhibitPolicyMapping:1
inhibitAnyPolicy = 4
crlDistributionPoints = point
freshestCRL = URI:http://ca.example/delta.crl
authorityInfoAccess = OCSP;URI:http://ca.example/ocsp,caIssuers;URI:http://ca.example/ca.cer
subjectInfoAccess = caRepository;URI:http://ca.example/
tlsfeature = status_request
noCheck = ignored
1.3.6.1.4.1.11129.2.4.2 = ASN1:FORMAT:HEX,OCTETSTRING:00080006000102030405
2.5.29.9 = ASN1:SEQUENCE:directory
1.3.6.1.4.1.99999.1 = ASN1:UTF8String:unknown and not critical
1.3.6.1.4.1.99999.2 = critical,ASN1:NULL
[names]
DNS.1 = www.example.com
DNS.2 = *.wild.example.com
email.1 = alice@example.com
URI.1 = spiffe://example.com/alice
IP.1 = 192.0.2.1
IP.2 = 2001:db8::1
RID.1 = 1.2.3.4
dirName.1 = tree
otherName.1 = 1.3.6.1.4.1.311.20.2.3;UTF8:alice@corp.example
[tree]
C = DE
O = Example
[policy]
policyIdentifier = 1.2.3.5
CPS.1 = https://ca.example/cps
userNotice.1 = @notice
[notice]
explicitText = UTF8:For tests only
[point]
fullname = URI:http://ca.example/ca.crl
CRLissuer = dirName:tree
reasons = keyCompromise,CACompromise
[directory]
one = SEQUENCE:birthplace
[birthplace]
type = OID:1.3.6.1.5.5.7.9.2
values = SET:places
[places]
place = UTF8:Berlin
END

p256='-newkey ec -pkeyopt ec_paramgen_curve:P-256'
make() # name, then arguments of openssl req
{
    name=$1
    shift
    openssl req -x509 -nodes -keyout "$keys/$name.key" -out "$name.pem" -days 36500 "$@" 2> "$keys/log" || cat "$keys/log"
}
make full $p256 -extensions full -config "$keys/full.cnf" \
    -subj '/C=DE/O=Example, Inc./OU=Tests+UID=42/DC=example/CN=full "feature"/emailAddress=ca@example.com/serialNumber=7'
make rsa -newkey rsa:2048 -subj /CN=rsa
make pss -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 \
    -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32 -subj /CN=pss
make pss_sig -newkey rsa:2048 -sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 -subj /CN=pss_sig
make sha1 -newkey rsa:2048 -sha1 -subj /CN=sha1
make p384 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha384 -subj /CN=p384
make p521 -newkey ec -pkeyopt ec_paramgen_curve:P-521 -sha512 -subj /CN=p521
make p256k1 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -subj /CN=p256k1
make explicit $p256 -pkeyopt ec_param_enc:explicit -subj /CN=explicit
make ed25519 -newkey ed25519 -subj /CN=ed25519
make ed448 -newkey ed448 -subj /CN=ed448
openssl req -new $p256 -nodes -keyout "$keys/v1.key" -out "$keys/v1.csr" -subj /CN=v1 2> "$keys/log"
openssl x509 -req -in "$keys/v1.csr" -signkey "$keys/v1.key" -days 36500 -out v1.pem 2> "$keys/log"
