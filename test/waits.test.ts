import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until, within } from "./wait.ts";

const folder = fileURLToPath(new URL("../../test", import.meta.url));

describe("a wait", () => {
  it("ends with what it waited for", async () => {
    assert.equal(await within("a value", Promise.resolve(7)), 7);
    let asked = 0;
    await until("the third question", () => ++asked === 3);
    assert.equal(asked, 3);
    await assert.rejects(within("a failure", Promise.reject(new Error("gone"))), /^Error: gone$/);
  });

  it("has a bound, and says what it waited for and how things stand", async () => {
    const never = new Promise<void>(() => {});
    const state = () => "two rounds, none new";
    await assert.rejects(within("a round with news", never, { seconds: 0.05, state }), {
      message: "waited 0.05 s for a round with news: two rounds, none new",
    });
    await assert.rejects(
      until("a new page", () => false, { seconds: 0.05 }),
      { message: "waited 0.05 s for a new page" },
    );
  });

  // A promise of what another process says or does may never come true. These are the ways that such were written.
  it("is nowhere without a bound in a test", () => {
    const bare = [
      /await new Promise[^;]*\.on(?:ce)?\("(?:close|exit|data|message)"/,
      /await once\(\w+(?:\.\w+)*!?, "(?:close|exit|data|message)"\)/,
      /for await \(const \w+ of [^)]*(?:stdout|stderr)/,
      /\buntil\(\(/,
    ];
    const wrong = readdirSync(folder)
      .filter((name) => name.endsWith(".ts") && name !== "waits.test.ts")
      .flatMap((name) => {
        const code = readFileSync(join(folder, name), "utf8");
        return bare.flatMap((pattern) => pattern.exec(code)?.slice(0, 1) ?? []).map((text) => `${name}: ${text}`);
      });
    assert.deepEqual(wrong, []);
  });
});
