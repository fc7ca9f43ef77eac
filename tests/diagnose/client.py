# SPDX-License-Identifier: Apache-2.0
"""One request by Python's ssl, as JSON says."""
import json
import socket
import ssl
import sys

how = json.loads(sys.argv[1])
c = ssl.create_default_context(cafile=how["ca"])
if how["tls"]:
    c.minimum_version = c.maximum_version = ssl.TLSVersion.TLSv1_2 if how["tls"] == "1.2" else ssl.TLSVersion.TLSv1_3
if "cert" in how:
    c.load_cert_chain(how["cert"], how["key"])
with socket.create_connection(("127.0.0.1", how["port"]), 20) as raw:
    with c.wrap_socket(raw, server_hostname=how["name"]) as s:
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while data := s.recv(65536):
            print(data.decode())
        s.unwrap()
