import { describe, expect, test } from "vitest";
import { isSessionName, MOST_UPLOAD_BYTES } from "../../src/core/files";
import {
  fitsPage,
  fitted,
  foundOf,
  isSentWhole,
  photoObstacle,
  pixelsOf,
  sentSide,
} from "../../src/core/photos";

const letters = (text: string) => [...text].map((each) => each.charCodeAt(0));
const file = (...bytes: number[]) => new Uint8Array(bytes);
const words = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, index) => (value >>> (8 * (bytes - 1 - index))) & 255);
const low = (value: number, bytes: number) => words(value, bytes).reverse();
const zeros = (count: number) => Array<number>(count).fill(0);

const PNG = file(
  ...[0x89, ...letters("PNG\r\n\x1a\n")],
  ...[...words(13, 4), ...letters("IHDR"), ...words(20000, 4), ...words(300, 4)],
);
const JPEG = file(
  ...[0xff, 0xd8],
  ...[0xff, 0xe1, ...words(6, 2), 1, 2, 3, 4],
  ...[0xff, 0xff, 0xc4, ...words(3, 2), 0],
  ...[0xff, 0xc2, ...words(17, 2), 8, ...words(300, 2), ...words(20000, 2)],
);
const WEBP_BEGIN = [...letters("RIFF"), ...zeros(4), ...letters("WEBP")];

describe("the size of a photo is read", () => {
  test.each([
    ["PNG", PNG, 20000, 300],
    ["JPEG", JPEG, 20000, 300],
    ["GIF", file(...letters("GIF89a"), ...low(640, 2), ...low(123, 2)), 640, 123],
    ["BMP", file(...letters("BM"), ...zeros(16), ...low(70, 4), ...low(-50, 4)), 70, 50],
    [
      "WebP",
      file(...WEBP_BEGIN, ...letters("VP8 "), ...zeros(10), ...low(640, 2), ...low(480, 2)),
      640,
      480,
    ],
    [
      "WebP without loss",
      file(...WEBP_BEGIN, ...letters("VP8L"), ...zeros(4), 0x2f, ...low(639 + 479 * 2 ** 14, 4)),
      640,
      480,
    ],
    [
      "WebP with more",
      file(...WEBP_BEGIN, ...letters("VP8X"), ...zeros(8), ...low(69999, 3), ...low(479, 3)),
      70000,
      480,
    ],
  ])("of a %s", (_, bytes, width, height) => {
    expect(pixelsOf(bytes)).toEqual({ width, height });
    const inside = new Uint8Array(bytes.length + 7);
    inside.set(bytes, 7);
    expect(pixelsOf(inside.subarray(7))).toEqual({ width, height });
  });

  test("of nothing that is cut off or unknown", () => {
    for (const bytes of [PNG, JPEG]) expect(pixelsOf(bytes.subarray(0, 20))).toBeNull();
    expect(pixelsOf(file(0xff, 0xd8, 0xff, 0xd9))).toBeNull();
    expect(pixelsOf(file(0xff, 0xd8, 0xff, 0xe0, 0, 2, 0, 0))).toBeNull();
    expect(pixelsOf(file(...letters("II*")))).toBeNull();
    expect(pixelsOf(file())).toBeNull();
  });
});

describe("a photo is sent", () => {
  test("as large as the generator's picture needs", () => {
    expect(sentSide({ width: 128, height: 128 })).toBe(512);
    expect(sentSide({ width: 32, height: 32 })).toBe(512);
    expect(sentSide({ width: 256, height: 128 })).toBe(1024);
    expect(sentSide({ width: 1024, height: 1024 })).toBe(2048);
    expect(fitted({ width: 4000, height: 3000 }, 512)).toEqual({ width: 512, height: 384 });
    expect(fitted({ width: 40, height: 30 }, 512)).toEqual({ width: 40, height: 30 });
    expect(fitted({ width: 9000, height: 1 }, 512)).toEqual({ width: 512, height: 1 });
  });

  test("as it is where it is small", () => {
    expect(isSentWhole(50_000, { width: 512, height: 300 }, 512)).toBe(true);
    expect(isSentWhole(50_000, { width: 513, height: 300 }, 512)).toBe(false);
    expect(isSentWhole(3_000_000, { width: 512, height: 300 }, 512)).toBe(false);
    expect(isSentWhole(50_000, null, 512)).toBe(false);
  });

  test("and not decoded by a page that cannot hold it", () => {
    expect(fitsPage({ width: 12000, height: 9000 })).toBe(true);
    expect(fitsPage({ width: 20000, height: 20000 })).toBe(false);
    expect(fitsPage(null)).toBe(true);
  });

  test("or refused with the way that works", () => {
    expect(photoObstacle("a.jpg", MOST_UPLOAD_BYTES, null)).toBeNull();
    const large = MOST_UPLOAD_BYTES + 1;
    expect(photoObstacle("a.tif", large, null)).toBe(
      'a.tif has 10 MB, and this browser cannot make it smaller; make a smaller copy, or look for it in a cell: widget.invert("a.tif")',
    );
    expect(photoObstacle("a.png", large, { width: 20000, height: 20000 })).toContain(
      "a.png has 20000 x 20000 pixels, more than a page can hold; make a smaller copy",
    );
  });

  test("unless it is called a session", () => {
    expect(isSessionName("Fox.DGS")).toBe(true);
    expect(isSessionName("fox.dgs.jpg")).toBe(false);
  });
});

describe("what was found", () => {
  test("is said in words, with what to do next", () => {
    expect(foundOf({ photo: { words: "close: all fits", warning: "", psnr_db: 27 } })).toEqual({
      words: "Found a picture that is close: all fits.",
      hint: "Pull at it as at any other. Undo goes back.",
      warning: "",
    });
  });

  test("warns where the photo is of another kind", () => {
    const found = foundOf({ photo: { words: "hardly alike", warning: "Another generator." } });
    expect(found).toMatchObject({ hint: "", warning: "Another generator." });
  });

  test("is nothing where no photo was opened", () => {
    expect(foundOf({ points: 1 })).toBeNull();
    expect(foundOf({ photo: { words: 3 } })).toBeNull();
  });
});
