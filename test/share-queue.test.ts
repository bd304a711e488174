import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { queueOf } from "../src/site/share/share.ts";

describe("the queue that a card is of", () => {
  const queues = ["All queues", "Atención en español", "Sales"];

  it("is found in any case, and with its accents composed or not", () => {
    for (const name of ["Atención en español", "atención EN ESPAÑOL ", "Atención en español".normalize("NFD")])
      assert.equal(queueOf(name, { queues }), "Atención en español");
    assert.equal(queueOf("Sales", { queues: [...queues, "Sales".normalize("NFD")] }), "Sales");
  });

  it("is suggested by a part of its name", () => {
    assert.throws(() => queueOf("español".normalize("NFD"), { queues }), { next: `did you mean "${queues[1]}"?` });
  });
});
