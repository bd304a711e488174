import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { diskError, type Fault, faultOf, isFatal } from "../src/base/faults.ts";

const ofCode = (code: string) => Object.assign(new Error(`${code}: x`), { code });

describe("what the operating system refuses", () => {
  const table: [thrown: unknown, fault: Fault | null, isFatal: boolean, whileWriting: string | null][] = [
    [Object.assign(new Error("x"), { name: "AbortError" }), "interrupted", true, null],
    [ofCode("ABORT_ERR"), "interrupted", true, null],
    [new Error("INTERRUPT Error: Interrupted!"), "interrupted", true, null],
    [new Error("FATAL Error: Failed: database has been invalidated"), "broken", true, null],
    [ofCode("ENOSPC"), "full", true, "diskFull"],
    [ofCode("EDQUOT"), "full", true, "diskFull"],
    [new Error('IO Error: Could not write file "a": No space left on device'), "full", true, "diskFull"],
    [new Error("IO Error: Disk quota exceeded"), "full", true, "diskFull"],
    [ofCode("EROFS"), "readOnly", true, "notWritable"],
    [new Error('IO Error: Cannot open file "a": Read-only file system'), "readOnly", true, "notWritable"],
    [ofCode("EMFILE"), "tooManyOpen", true, null],
    [ofCode("ENFILE"), "tooManyOpen", true, null],
    [new Error('IO Error: Cannot open file "a": Too many open files'), "tooManyOpen", true, null],
    [new Error('Conversion Error: Could not convert string "no space left on device"'), null, false, null],
    [new Error('Invalid Input Error: Failed to cast value: "read-only file system"'), null, false, null],
    [new Error('Binder Error: column "too many open files" is not there'), null, false, null],
    [ofCode("EACCES"), "forbidden", false, "notWritable"],
    [ofCode("EPERM"), "forbidden", false, "notWritable"],
    [ofCode("ENOENT"), "missing", false, "notWritable"],
    [ofCode("ENOTDIR"), "missing", false, "notWritable"],
    [ofCode("EEXIST"), "inTheWay", false, "notWritable"],
    [ofCode("EISDIR"), "inTheWay", false, "notWritable"],
    [ofCode("EADDRINUSE"), "portTaken", false, null],
    [ofCode("EPIPE"), null, false, null],
    [new TypeError("x is not a function"), null, false, null],
    ["text", null, false, null],
    [null, null, false, null],
    [new CliError("locked", "x"), null, true, null],
    [new CliError("verifyFailed", "x"), null, false, null],
  ];
  for (const [thrown, fault, all, exit] of table) {
    it(`is ${fault ?? "nothing known"} in ${String(thrown)}`, () => {
      assert.equal(faultOf(thrown), fault);
      assert.equal(isFatal(thrown), all);
      const error = diskError(thrown, "/srv/data");
      if (exit === null) return assert.equal(error, thrown);
      assert.ok(error instanceof CliError);
      assert.equal(error.exit, exit);
      assert.equal(error.cause, thrown);
      assert.match(error.message, /\/srv\/data/);
    });
  }
});
