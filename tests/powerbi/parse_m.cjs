// Reads M expressions, a JSON array, and prints for each null or its syntax error.
// node parse_m.cjs FOLDER, where FOLDER/node_modules has @microsoft/powerquery-parser.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { resolve } = require("node:path");

const { DefaultSettings, TaskUtils } = createRequire(resolve(process.argv[2], "package.json"))("@microsoft/powerquery-parser");

async function fault(expression) {
    const task = await TaskUtils.tryLexParse(DefaultSettings, expression);
    return TaskUtils.isError(task) ? String(task.error.message) : null;
}

Promise.all(JSON.parse(readFileSync(0, "utf8")).map(fault)).then((faults) => console.log(JSON.stringify(faults)));
