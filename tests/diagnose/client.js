// SPDX-License-Identifier: Apache-2.0
// One request by Node's tls, as JSON says.
const fs = require('fs'), tls = require('tls');
const how = JSON.parse(process.argv[2]);
const versions = how.tls ? { minVersion: `TLSv${how.tls}`, maxVersion: `TLSv${how.tls}` } : {};
const s = tls.connect({
  port: how.port, host: '127.0.0.1', servername: how.name, ca: fs.readFileSync(how.ca),
  cert: how.cert && fs.readFileSync(how.cert), key: how.key && fs.readFileSync(how.key), ...versions,
}, () => s.write('GET / HTTP/1.0\r\n\r\n'));
s.on('data', (d) => console.log(d.toString()));
s.on('error', (e) => console.log('error', e.message));
