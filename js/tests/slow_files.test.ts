/** Large files on a slow way, as the page sees them: they are not given up while bytes of them come. */
import { describe, expect, test } from "vitest";
import { frameOf } from "./builders";
import { Bench, settled } from "./fake_model";

const PIECE = 64 * 1024;
const SIZE = 5_000_000;

/** How long a piece takes over 1 Mbit/s. */
const PIECE_MS = (PIECE * 8) / 1000;

const ANSWER = { k: "answer", ok: true, error: "", result: { mime: "image/gif" } };

/** A page that has asked for a file, whose answer begins to come. */
function asking() {
  const bench = new Bench();
  bench.store.dispatch({ kind: "frame", frame: frameOf(1), atMs: 0 });
  bench.sync.hello(bench.view, true);
  bench.here();
  bench.model.sent.length = 0;
  const links = new Set<string>();
  bench.store.subscribe(() => links.add(bench.store.value.link));
  const files: Uint8Array[] = [];
  const told = bench.sync
    .ask("file", { format: "gif" })
    .then((answer) => files.push(...answer.files));
  const [asked] = bench.sent("ask");
  const rid = asked?.k === "ask" ? asked.rid : 0;
  const bytes = new Uint8Array(SIZE).map((_, index) => index % 251);
  const piece = (index: number) =>
    bench.model.emit({ k: "piece", rid, index }, [bytes.slice(index * PIECE, (index + 1) * PIECE)]);
  const count = Math.ceil(SIZE / PIECE);
  const end = (sizes: number[]) => bench.model.emit({ ...ANSWER, rid, sizes });
  return Object.assign(bench, { rid, bytes, piece, count, end, files, told, links });
}

/** True where bytes are those that are wanted. */
function same(found: Uint8Array | undefined, wanted: Uint8Array): boolean {
  return found !== undefined && Buffer.compare(found, wanted) === 0;
}

describe("a file of 5 MB over 1 Mbit/s", () => {
  test("comes, is hardly asked for, and the kernel is not blamed meanwhile", async () => {
    const bench = asking();
    for (let index = 0; index < bench.count; index++) {
      bench.wait(PIECE_MS);
      bench.piece(index);
    }
    bench.end([SIZE - 7, 7]);
    await bench.told;
    expect(bench.files.map(({ length }) => length)).toEqual([SIZE - 7, 7]);
    expect(same(bench.files[0], bench.bytes.subarray(0, SIZE - 7))).toBe(true);
    expect([...bench.links].filter((link) => link !== "alive")).toEqual([]);
    expect(bench.sent("poll").length).toBeLessThan(3);
  });

  test("of which pieces were lost or came twice is put together from what comes again", async () => {
    const bench = asking();
    for (let index = 0; index < bench.count; index++) if (index !== 3) bench.piece(index);
    bench.end([SIZE]);
    await settled();
    expect(bench.files.length).toBe(0);
    for (let index = bench.count - 1; index >= 0; index--) bench.piece(index);
    bench.end([SIZE]);
    await bench.told;
    expect(bench.files.length).toBe(1);
    expect(same(bench.files[0], bench.bytes)).toBe(true);
  });

  test("that stops to come is given up", async () => {
    const bench = asking();
    const words = bench.told.catch((error: Error) => error.message);
    bench.piece(0);
    bench.wait(20_000);
    expect(await words).toBe("The kernel does not answer.");
  });

  test("is none of a page that has not asked for it", () => {
    const bench = asking();
    bench.wait(1500);
    expect(bench.store.value.link).toBe("busy");
    bench.model.emit({ k: "piece", rid: bench.rid + 1, index: 0 }, [new Uint8Array(9)]);
    expect(bench.store.value.link).toBe("busy");
  });
});

test("a file of 5 MB that goes to the kernel over 1 Mbit/s is waited for", async () => {
  const bench = asking();
  bench.end([0]);
  await bench.told;
  const opened = bench.sync.ask("open", { name: "a.dgs" }, [bench.bytes]);
  bench.wait((SIZE * 8) / 1000 + 5000);
  bench.here();
  expect(bench.store.value.link).toBe("alive");
  const rid = bench.rid + 1;
  bench.model.emit({ ...ANSWER, rid });
  expect((await opened).rid).toBe(rid);
});

test("a question says up to which one answers have come", () => {
  const bench = asking();
  bench.wait(1000);
  const [first] = bench.sent("poll");
  expect(first).toMatchObject({ seen: 100, answers: [bench.rid] });
  bench.here();
  bench.wait(1000);
  expect(bench.sent("poll").at(-1)).toMatchObject({ seen: 101 });
});
