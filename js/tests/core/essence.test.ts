import { describe, expect, test } from "vitest";
import { essenceOf, holdsSession } from "../../src/core/essence";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const letters = (text: string) => [...text].map((each) => each.charCodeAt(0));
const chunk = (kind: string, content: number[]) => [
  0,
  0,
  content.length >> 8,
  content.length & 255,
  ...letters(kind),
  ...content,
  ...[1, 2, 3, 4],
];
const SESSION = chunk("dgWs", [5, 6, 7]);

describe("of a file the kernel is sent", () => {
  test("the session alone, where a PNG has one", () => {
    const png = [
      ...SIGNATURE,
      ...chunk("IHDR", [9]),
      ...SESSION,
      ...chunk("IDAT", Array(999).fill(1)),
    ];
    expect([...essenceOf(new Uint8Array(png))]).toEqual([...SIGNATURE, ...SESSION]);
  });

  test("the session wherever the bytes lie in their buffer", () => {
    const buffer = new Uint8Array([0, 0, 0, ...SIGNATURE, ...SESSION]);
    expect([...essenceOf(buffer.subarray(3))]).toEqual([...SIGNATURE, ...SESSION]);
  });

  test("all of a PNG without a session, whole, cut off or damaged: it may be a photo", () => {
    for (const rest of [[], chunk("IDAT", [1]), [0, 0], [255, 255, 255, 255, ...letters("dgW")]]) {
      const png = new Uint8Array([...SIGNATURE, ...rest]);
      expect(essenceOf(png)).toBe(png);
      expect(holdsSession(png)).toBe(false);
    }
  });

  test("what is there of a session that is cut off, so that the kernel can say so", () => {
    const cut = [...SIGNATURE, ...chunk("dgWs", Array(50).fill(3))].slice(0, -20);
    expect([...essenceOf(new Uint8Array(cut))]).toEqual(cut);
    expect(holdsSession(new Uint8Array(cut))).toBe(true);
  });

  test("all of any other file", () => {
    for (const file of [new Uint8Array([0xff, 0xd8, 0xff, 1]), new Uint8Array()]) {
      expect(essenceOf(file)).toBe(file);
      expect(holdsSession(file)).toBe(false);
    }
  });

  test("all of a session file, which is told from a picture of 123 pixels by its begin", () => {
    const session = new Uint8Array([2, 1, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]);
    expect(holdsSession(session)).toBe(true);
    expect(essenceOf(session)).toBe(session);
    expect(holdsSession(new Uint8Array([...letters("GIF89a"), 9, 0, 123, 0]))).toBe(false);
  });
});
