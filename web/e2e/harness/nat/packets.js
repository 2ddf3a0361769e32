// Sends and receives UDP, and dials TCP, at the place where it is started: one JSON object a line on
// standard input and output. `prober.ts` is its other half.
import { createSocket } from "node:dgram";
import { createServer, createConnection } from "node:net";
import { createInterface } from "node:readline";

const sockets = new Map();
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const operations = {
  open({ socket, host, port }) {
    const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
    sockets.set(socket, udp);
    udp.on("error", ({ message }) => say({ error: message }));
    udp.on("message", (text, from) =>
      say({ heard: socket, text: `${text}`, host: from.address, port: from.port }),
    );
    udp.bind(port, host, () => say({ opened: socket, port: udp.address().port }));
  },
  send({ socket, host, port, text }) {
    sockets.get(socket).send(text, port, host, (error) => {
      if (error) say({ error: error.message });
    });
  },
  serve({ host }) {
    const server = createServer((connection) => connection.end());
    server.listen(0, host, () => say({ opened: "tcp", port: server.address().port }));
  },
  dial({ host, port }) {
    const connection = createConnection({ host, port });
    connection.on("connect", () => {
      say({ dialled: null });
      connection.destroy();
    });
    connection.on("error", ({ code }) => say({ dialled: code }));
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  operations[request.op](request);
});
process.stdin.on("end", () => process.exit());
