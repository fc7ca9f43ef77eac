// SPDX-License-Identifier: Apache-2.0
// One end of a connection by Node's tls. usage: node peer.js JSON - side, port, roots, cert, key, version, ask, groups.
'use strict';
const fs = require('fs');
const tls = require('tls');

const how = JSON.parse(process.argv[2]);
const common = {
  ca: fs.readFileSync(how.roots), minVersion: 'TLSv' + how.version, maxVersion: 'TLSv' + how.version,
  ...(how.cert ? {cert: fs.readFileSync(how.cert), key: fs.readFileSync(how.key)} : {}),
  ...(how.groups ? {ecdhCurve: how.groups} : {}),
};
const failed = (e) => console.log('error', e.code, e.message);

if (how.side === 'client') {
  const s = tls.connect({...common, host: '127.0.0.1', port: how.port, servername: 'localhost'},
    () => s.write('GET /hello HTTP/1.0\r\n\r\n'));
  s.on('data', (d) => process.stdout.write(d));
  s.on('error', failed);
} else {
  const reply = 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello';
  const server = tls.createServer({...common, requestCert: how.ask !== 'none', rejectUnauthorized: how.ask === 'required'}, (s) => {
    s.once('data', () => s.end(reply));
    s.on('error', failed);
  });
  server.on('tlsClientError', failed);
  server.listen(0, '127.0.0.1', () => console.log('port', server.address().port));
}
