// SPDX-License-Identifier: Apache-2.0

// Go's crypto/tls at either end. usage: peer server JSON | peer client JSON. A server prints its ports, one for each role.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
)

type role struct{ Cert, Key, CA, Ask, TLS, Port, Name, SignCert, SignKey string }

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	return v
}

func config(r role) *tls.Config {
	c := &tls.Config{ServerName: r.Name, MinVersion: tls.VersionTLS12}
	versions := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	if v, one := versions[r.TLS]; one {
		c.MinVersion, c.MaxVersion = v, v
	}
	if r.Cert != "" {
		pair := must(tls.LoadX509KeyPair(r.Cert, r.Key))
		if r.SignKey != "" { // signs with a key that is not its own
			pair.PrivateKey = must(tls.LoadX509KeyPair(r.SignCert, r.SignKey)).PrivateKey
		}
		c.Certificates = []tls.Certificate{pair}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(must(os.ReadFile(r.CA)))
	c.RootCAs, c.ClientCAs = pool, pool
	c.ClientAuth = map[string]tls.ClientAuthType{"": tls.NoClientCert, "none": tls.NoClientCert, "optional": tls.VerifyClientCertIfGiven,
		"required": tls.RequireAndVerifyClientCert}[r.Ask]
	return c
}

func serve(l net.Listener) {
	for {
		c := must(l.Accept())
		go func() {
			defer c.Close()
			if n, err := c.Read(make([]byte, 4096)); n > 0 && err == nil {
				io.WriteString(c, "HTTP/1.0 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n")
			}
		}()
	}
}

func main() {
	if os.Args[1] == "client" {
		var r role
		must(0, json.Unmarshal([]byte(os.Args[2]), &r))
		c := must(tls.Dial("tcp", "127.0.0.1:"+r.Port, config(r)))
		io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		fmt.Println(string(must(io.ReadAll(c))))
		return
	}
	var roles []role
	must(0, json.Unmarshal([]byte(os.Args[2]), &roles))
	text := "ports"
	for _, r := range roles {
		l := must(tls.Listen("tcp", "127.0.0.1:0", config(r)))
		text += fmt.Sprint(" ", l.Addr().(*net.TCPAddr).Port)
		go serve(l)
	}
	fmt.Println(text)
	select {}
}
