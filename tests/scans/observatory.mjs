// MDN's HTTP Observatory asks ports 80 and 443 of a public name. Here that name is this machine, with ports of its own:
// node observatory.mjs FOLDER NAME HTTP_PORT TLS_PORT prints the result as JSON.

import dns from "node:dns";
import net from "node:net";
import tls from "node:tls";

const [folder, name, httpPort, tlsPort] = process.argv.slice(2);
const here = (options, from, to) =>
  Number(options.port) === from ? { ...options, host: "127.0.0.1", port: Number(to), servername: name } : options;
const { connect: tlsConnect } = tls;
const { createConnection } = net;
tls.connect = (options, ...rest) => tlsConnect(here(options, 443, tlsPort), ...rest);
net.createConnection = net.connect = (options, ...rest) => createConnection(here(options, 80, httpPort), ...rest);
dns.lookup = () => {
  throw new Error("no other host is asked");
};

const { scan } = await import(`${folder}/@mdn/mdn-http-observatory/src/scanner/index.js`);
console.log(JSON.stringify(await scan(name)));
