import { describe, expect, test } from "vitest";
import { Asks, CANCELLED } from "../../src/core/asks";
import type { ToKernel } from "../../src/core/protocol";
import { Bench, settled } from "../fake_model";
import { example, type MessageFixture, readFixture } from "../fixtures";

const PICTURE = example(readFixture<MessageFixture>("answer").valid, "a picture").message;
const QUESTION = example(
  readFixture<MessageFixture>("ask").valid,
  "the picture at the start",
).message;
const found = (rid: number) => ({ rid, ok: true, error: "", result: {}, files: [] });

describe("a question", () => {
  test("gets the answer of its number, whatever comes first", async () => {
    const sent: ToKernel[] = [];
    const asks = new Asks(5, (message) => sent.push(message));
    const [first, second] = [asks.ask("picture", { of: "start" }), asks.ask("picture")];
    asks.receive(found(6), null);
    asks.receive(found(5), null);
    asks.receive(found(99), null);
    expect(await first).toEqual(found(5));
    expect(await second).toEqual(found(6));
    expect(sent[0]).toEqual({ k: "ask", rid: 5, name: "picture", args: { of: "start" } });
  });

  test("that is refused says why", async () => {
    const asks = new Asks(1, () => undefined);
    const asked = asks.ask("gossip");
    asks.receive({ ...found(1), ok: false, error: "nobody knows" }, null);
    await expect(asked).rejects.toThrow("nobody knows");
  });

  test("to a kernel that is gone fails at once", async () => {
    const asks = new Asks(1, () => {
      throw new Error("Cannot send on a closed comm");
    });
    await expect(asks.ask("picture")).rejects.toThrow("cannot be reached");
  });

  test("that waits is given up with the widget", async () => {
    const bench = new Bench();
    const asked = bench.sync.ask("picture");
    bench.sync.close();
    await expect(asked).rejects.toThrow("closed");
  });

  test("travels as the fixtures promise, with its files as buffers", async () => {
    const bench = new Bench({}, {});
    const asked = bench.sync.ask("picture", { of: "start" }, [new Uint8Array([7, 8]).subarray(1)]);
    const [sent] = bench.sent("ask");
    expect({ ...sent, rid: 1 }).toEqual(QUESTION);
    expect(bench.model.sentBuffers.at(-1)?.map((each) => [...new Uint8Array(each)])).toEqual([[8]]);
    const rid = sent?.k === "ask" ? sent.rid : 0;
    bench.model.emit({ ...(PICTURE as object), rid }, [new DataView(new ArrayBuffer(24))]);
    await settled();
    expect((await asked).files[0]?.length).toBe(24);
  });

  test("that takes long tells how far it is, and can be given up", async () => {
    const bench = new Bench();
    const parts: number[] = [];
    let cancel: () => void = () => undefined;
    const asked = bench.sync.ask("file", { format: "gif", points: false }, [], {
      begun: (giveUp) => {
        cancel = giveUp;
      },
      progressed: ({ part }) => parts.push(part),
    });
    const [sent] = bench.sent("ask");
    const rid = sent?.k === "ask" ? sent.rid : 0;
    const says = (of: number, part: number) =>
      bench.model.emit({ k: "progress", rid: of, part, words: "", shows: "" });
    says(rid, 0.25);
    says(rid + 1, 0.5);
    cancel();
    cancel();
    says(rid, 0.75);
    await expect(asked).rejects.toThrow(CANCELLED);
    expect(parts).toEqual([0.25]);
    const cancels = bench.sent("ask").filter((each) => each.k === "ask" && each.name === "cancel");
    expect(cancels).toMatchObject([{ args: { rid } }]);
  });
});
