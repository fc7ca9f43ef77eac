// SPDX-License-Identifier: Apache-2.0
// One end by Go's crypto/tls. usage: peer client|server PORT ROOTS CHAIN|- KEY|- 1.2|1.3 none|optional|required GROUPS|- TIMES
// A server prints the port it took. A client connects TIMES times and goes on from its session; a server gives no tickets for 0.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	return v
}

func config(a []string) *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(must(os.ReadFile(a[0])))
	version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[a[3]]
	c := &tls.Config{RootCAs: pool, ClientCAs: pool, ServerName: "localhost", MinVersion: version, MaxVersion: version,
		ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	if a[1] != "-" {
		c.Certificates = []tls.Certificate{must(tls.LoadX509KeyPair(a[1], a[2]))}
	}
	c.ClientAuth = map[string]tls.ClientAuthType{"none": tls.NoClientCert, "optional": tls.VerifyClientCertIfGiven,
		"required": tls.RequireAndVerifyClientCert}[a[4]]
	known := map[string]tls.CurveID{"x25519": tls.X25519, "secp256r1": tls.CurveP256, "secp384r1": tls.CurveP384}
	for _, g := range strings.Split(a[5], ",") {
		if id, ok := known[g]; ok {
			c.CurvePreferences = append(c.CurvePreferences, id)
		}
	}
	return c
}

func client(port string, c *tls.Config) {
	s, err := tls.Dial("tcp", "127.0.0.1:"+port, c)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	defer s.Close()
	s.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprint(s, "GET /hello HTTP/1.0\r\n\r\n")
	b, err := io.ReadAll(s)
	fmt.Printf("%s\nresumed %v\n", b, s.ConnectionState().DidResume)
	if err != nil {
		fmt.Println("error", err)
	}
}

func server(port string, c *tls.Config) {
	l := must(tls.Listen("tcp", "127.0.0.1:"+port, c))
	fmt.Println("port", l.Addr().(*net.TCPAddr).Port)
	for {
		s := must(l.Accept())
		s.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := s.Read(make([]byte, 4096)); err != nil {
			fmt.Println("error", err)
		} else {
			fmt.Fprint(s, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
		}
		s.Close()
	}
}

func main() {
	c := config(os.Args[3:])
	times := must(strconv.Atoi(os.Args[9]))
	if os.Args[1] == "server" {
		c.SessionTicketsDisabled = times == 0
		server(os.Args[2], c)
	}
	for i := 0; i < times; i++ {
		client(os.Args[2], c)
	}
}
