#!/usr/bin/env node
const { main } = await import("../dist/src/main.js").catch((error) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND" || !String(error.message).includes("main.js")) throw error;
  console.error("asapp-kit: not compiled yet\n  next: npm run compile");
  process.exit(1);
});
const code = await main(process.argv.slice(2));
// What is still in the pipe goes out first; then leave, whatever sockets a library keeps open.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
