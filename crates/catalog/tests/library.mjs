// Compares models with the functions that this Node has. On standard input: a line for each model with its symbol, the
// number of its positional parameters without `self` (`*` for any number), and `method` or `function`. Prints the symbols
// that Node does not have, or whose function takes more than the model knows; then how many were compared.
import { builtinModules, createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);

function has(object, name) {
  return object !== null && object !== undefined && name in Object(object);
}

// A module or a global; undefined for what is neither, such as a package.
function root(name) {
  if (builtinModules.includes(name)) return require(`node:${name}`);
  return has(globalThis, name) ? globalThis[name] : undefined;
}

// What stands behind the dots. Undefined where an owner is a type of the catalog alone, null where only the member is
// missing. A method is looked for among the instances first: `Buffer.compare` is both.
function find(symbol, method) {
  const [first, ...rest] = symbol.split(".");
  let current = root(first);
  for (const [at, name] of rest.entries()) {
    if (current === undefined) return undefined;
    const last = at === rest.length - 1;
    const instances = typeof current === "function" && has(current.prototype, name) ? [current.prototype] : [];
    const itself = has(current, name) ? [current] : [];
    const [owner] = last && method ? [...instances, ...itself] : [...itself, ...instances];
    if (owner === undefined) return last ? null : undefined;
    current = owner[name];
  }
  return current;
}

let compared = 0;
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const [symbol, count, kind] = line.split("\t");
  let found;
  try {
    found = find(symbol, kind === "method");
  } catch {
    continue; // A getter that works on instances only.
  }
  if (found === undefined) continue;
  compared += 1;
  if (typeof found !== "function") console.log(`${symbol}\tis no function`);
  else if (count !== "*" && found.length > Number(count)) console.log(`${symbol}\ttakes ${found.length}`);
}
console.log(compared);
