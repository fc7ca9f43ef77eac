// SPDX-License-Identifier: Apache-2.0
// TLS servers by Node, one for each role given as JSON; prints their ports.
const fs = require('fs'), tls = require('tls');
const roles = JSON.parse(process.argv[2]);
const body = 'HTTP/1.0 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n';
const ready = roles.map((r) => new Promise((done) => {
  const versions = r.tls === 'both' ? ['TLSv1.2', 'TLSv1.3'] : [`TLSv${r.tls}`, `TLSv${r.tls}`];
  const server = tls.createServer({
    cert: fs.readFileSync(r.cert), key: fs.readFileSync(r.key), ca: fs.readFileSync(r.ca),
    crl: r.crl ? fs.readFileSync(r.crl) : undefined, requestCert: r.ask !== 'none', rejectUnauthorized: r.ask === 'required',
    minVersion: versions[0], maxVersion: versions[1],
  }, (s) => { s.on('error', () => {}); s.once('data', () => s.end(body)); });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1', () => done(server.address().port));
}));
Promise.all(ready).then((ports) => console.log('ports ' + ports.join(' ')));
