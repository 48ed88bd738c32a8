// The world as a disguised module sees it: nothing has an effect, every call is written down.
// Reads `{"folder": …, "file": …}` a line and answers each with its record. Only the suite's own fixtures are run here.
"use strict";
const fs = require("fs");
const path = require("path");
const zlib = require("zlib");
const vm = require("vm");
const events = require("events");
const write = process.stdout.write.bind(process.stdout);
const after = setImmediate;
let record = [];

function norm(value, depth = 0) {
  if (typeof value === "function") return value.fake ? `<${value.fake}>` : "<function>";
  if (value === null || typeof value !== "object") return String(value);
  if (Buffer.isBuffer(value)) return "b:" + value.toString("latin1");
  if (depth > 5) return "…";
  if (Array.isArray(value)) return value.map(v => norm(v, depth + 1));
  return Object.fromEntries(Object.keys(value).sort().map(k => [k, norm(value[k], depth + 1)]));
}

function fake(name) {
  const own = { fake: name };
  return new Proxy(function () {}, {
    get(_, key) {
      if (key in own) return own[key];
      if (key === Symbol.toPrimitive || key === "toString") return () => `0 /* ${name} */`;
      if (key === Symbol.iterator) return function* () { yield fake(name + "[]"); };
      if (key === "then" || typeof key === "symbol") return undefined;
      if (key === "call") return (self, ...args) => call(name, args);
      if (key === "apply") return (self, args) => call(name, args);
      if (key === "bind") return () => fake(name);
      if (key === "prototype") return {};
      return (own[key] = fake(`${name}.${key}`));
    },
    set(_, key, value) { own[key] = value; return true; },
    apply(_, self, args) { return call(name, args); },
    construct(_, args) { return call("new " + name, args); },
  });
}

function call(name, args) {
  if (record.length > 100) throw new Error("enough");
  record.push([name, norm(args)]);
  for (const arg of args) if (typeof arg === "function" && !arg.fake) arg(...Array(arg.length).fill(0).map((_, i) => fake(`argument${i}`)));
  return fake(name + "()");
}

function run(folder, file) {
  const real = { zlib, vm, events, path: path.posix };
  const home = { ...fake("process"), env: { HOME: "/home/user", TOKEN: "000000:EXAMPLE" }, platform: "linux", argv: ["node"] };
  const readable = (name, ...rest) => (String(name).startsWith(folder) ? fs.readFileSync(name, ...rest) : call("fs.readFileSync", [name, ...rest]) && "text");
  const loaded = {};
  function load(name) {
    name = String(name).replace(/^node:/, "");
    if (name.startsWith("./")) {
      const full = path.join(folder, name);
      return full.endsWith(".json") ? JSON.parse(fs.readFileSync(full, "utf8")) : execute(full);
    }
    if (name === "buffer") return { Buffer };
    if (real[name]) return real[name];
    if (!loaded[name]) {
      loaded[name] = fake(name);
      if (name === "fs") loaded[name].readFileSync = readable;
    }
    return loaded[name];
  }
  home.mainModule = { require: load };
  const says = { log: (...args) => record.push(["console", norm(args)]) };
  globalThis.process = home;
  globalThis.console = says;
  globalThis.fetch = fake("fetch");
  function execute(full) {
    const module = { exports: {}, require: load };
    const names = ["require", "module", "exports", "__dirname", "__filename", "process", "console", "fetch"];
    new Function(...names, fs.readFileSync(full, "utf8"))(load, module, module.exports, folder, full, home, says, globalThis.fetch);
    return module.exports;
  }
  try {
    execute(path.join(folder, file));
  } catch (error) {
    if (globalThis.DEBUG) record.push(["raises", String(error)]);
  }
}

process.on("unhandledRejection", () => {});
const lines = fs.readFileSync(0, "utf8").split("\n").filter(Boolean);
const later = setTimeout;

async function serve() {
  for (const line of lines) {
    const { folder, file } = JSON.parse(line);
    record = [];
    run(folder, file);
    await new Promise(done => later(() => after(done), 4)); // what it put off runs before the next case
    write(JSON.stringify(record).replaceAll(folder, "<here>") + "\n");
  }
}
serve();
