import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { encodeMask } from "../../src/view/mask_png";
import { readFixture, type TraitFixture } from "../fixtures";

const { mask } = readFixture<TraitFixture>("traits");
const [width, height] = mask.size;
const data = Uint8Array.from(mask.may_move.flat(), (may) => (may ? 255 : 0));

/** The chunks of a PNG, their checksums left out. */
function chunksOf(png: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < png.length; at += view.getUint32(at) + 12) {
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    chunks.set(name, png.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return chunks;
}

/** The rows of pixels, which must be unfiltered. */
function pixelsOf(png: Uint8Array): number[][] {
  const rows = inflateSync(chunksOf(png).get("IDAT") ?? new Uint8Array());
  return Array.from({ length: height }, (_, y) => {
    const row = [...rows.subarray(y * (width + 1), (y + 1) * (width + 1))];
    expect(row[0]).toBe(0);
    return row.slice(1);
  });
}

test("a mask becomes an 8-bit grey PNG of the size of the image", async () => {
  const png = await encodeMask({ width, height, data });
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = chunksOf(png);
  expect([...chunks.keys()]).toEqual(["IHDR", "IDAT", "IEND"]);
  expect([...(chunks.get("IHDR") ?? [])]).toEqual([0, 0, 0, width, 0, 0, 0, height, 8, 0, 0, 0, 0]);
  expect(pixelsOf(png)).toEqual(mask.may_move.map((row) => row.map((may) => (may ? 255 : 0))));
});

test("its checksums are those of the format", async () => {
  const png = await encodeMask({ width, height, data });
  const theirs = Buffer.from(mask.png_base64, "base64");
  const header = (bytes: Uint8Array) => [...bytes.subarray(8, 33)];
  expect(header(png)).toEqual(header(theirs));
  expect([...png.subarray(-12)]).toEqual([...theirs.subarray(-12)]);
});

test("a large mask stays small on the wire", async () => {
  const large = { width: 1024, height: 1024, data: new Uint8Array(1024 * 1024).fill(255) };
  expect((await encodeMask(large)).length).toBeLessThan(10_000);
});
