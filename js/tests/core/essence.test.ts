import { describe, expect, test } from "vitest";
import { essenceOf } from "../../src/core/essence";

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

  test("the signature of a PNG without a session, cut off or damaged", () => {
    for (const rest of [[], chunk("IDAT", [1]), [0, 0], [255, 255, 255, 255, ...letters("dgW")]]) {
      expect([...essenceOf(new Uint8Array([...SIGNATURE, ...rest]))]).toEqual(SIGNATURE);
    }
  });

  test("what is there of a session that is cut off, so that the kernel can say so", () => {
    const cut = [...SIGNATURE, ...chunk("dgWs", Array(50).fill(3))].slice(0, -20);
    expect([...essenceOf(new Uint8Array(cut))]).toEqual(cut);
  });

  test("the begin of another picture, and all of any other file", () => {
    const photo = new Uint8Array([0xff, 0xd8, 0xff, ...Array(5000).fill(1)]);
    expect(essenceOf(photo)).toEqual(photo.subarray(0, 16));
    const other = new Uint8Array(letters("a session file"));
    expect(essenceOf(other)).toBe(other);
    expect(essenceOf(new Uint8Array()).length).toBe(0);
  });
});
