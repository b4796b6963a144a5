import { describe, expect, test } from "vitest";
import { ViewStore } from "../src/core/store";
import { sentenceOf } from "../src/core/words";
import { Bench } from "./fake_model";
import { example, type MessageFixture, readFixture } from "./fixtures";

const PNG = new DataView(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1]).buffer);
const JPEG = new DataView(new Uint8Array([0xff, 0xd8, 0xff, 1]).buffer);
const FRAME = example(readFixture<MessageFixture>("frame").valid, "one point while moving").message;

/** The status line. */
const words = (bench: Bench) => sentenceOf(new ViewStore(bench.store).state).text;

/** A bench whose page has drawn what it was shown last. */
function drawn(bench: Bench): Bench {
  const frame = bench.frames.at(-1);
  if (frame) bench.store.dispatch({ kind: "frame", frame, atMs: 0 });
  return bench;
}

describe("a picture that the host keeps with the traits", () => {
  test("is shown before the kernel has sent one, as what it is", () => {
    const [png] = new Bench({ kept_picture: PNG }).frames;
    expect(png).toMatchObject({ seq: 0, mime: "image/png", final: true });
    expect(new Bench({ kept_picture: JPEG }).frames[0]?.mime).toBe("image/jpeg");
    expect(new Bench({ kept_picture: null }).frames).toEqual([]);
  });

  test("is not shown in the place of a newer one", async () => {
    const bench = new Bench();
    bench.model.emit(FRAME, [new Uint8Array(24)]);
    drawn(bench);
    await bench.model.update({ kept_picture: PNG });
    expect(bench.frames.length).toBe(1);
  });

  test("is told to be seen once, so that the host runs what depends on it", async () => {
    const bench = new Bench({ rest: 2 });
    expect(bench.model.saved).toEqual([]);
    await bench.model.update({ rest: 3 });
    await bench.model.update({ rest: 3 });
    expect(bench.model.saved).toEqual([{ rest_seen: 3 }]);
  });
});

describe("a saved copy of a page", () => {
  test("says that no kernel is behind its picture", () => {
    const bench = drawn(new Bench({ kept_picture: PNG }, { saved: true }));
    expect(words(bench)).toBe("The picture as it was saved; no kernel runs behind this page");
  });

  test("says that it has none, instead of loading for ever", () => {
    const bench = new Bench({ status: "loading" }, { saved: true });
    bench.sync.hello(bench.view, true);
    bench.wait(60_000);
    expect(words(bench)).toBe("Saved before there was a picture; no kernel runs behind this page");
  });
});

test("a host that says later that it could not send counts as silent", async () => {
  const bench = new Bench();
  bench.model.send = () => Promise.reject(new Error("no server"));
  bench.sync.acknowledge(1, true);
  await new Promise((resolve) => setTimeout(resolve));
  expect(bench.store.value.answering).toBe(false);
});
