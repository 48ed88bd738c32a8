const fs = require("fs");
const path = require("path");
const file = path.join(__dirname, "settings.json");
const settings = fs.existsSync(file) ? "found" : "default";
console.log("settings", settings);
