const { execFileSync } = require("child_process");
execFileSync("node-gyp", ["rebuild"]);
console.log("built");
