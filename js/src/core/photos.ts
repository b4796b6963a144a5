/** Photos on their way to the kernel: how large they are, how large they are sent, and what was found for them. */
import { isRecord, isText } from "./decode";
import { MOST_UPLOAD_BYTES } from "./files";
import { clamp, type Size } from "./geometry";

/** A photo is sent this many times as large as the picture that is looked for, within limits: enough for any crop. */
const TIMES = 4;
const LEAST_SIDE_PX = 512;
const MOST_SIDE_PX = 2048;

/** A smaller file is sent as it is, where its picture is not larger either; some hosts fail over more. */
const MOST_WHOLE_BYTES = 2 ** 20;

/** A photo of more pixels does not fit into the memory of a page. */
const MOST_PIXELS = 120_000_000;

/** The longest side at which a photo is sent, for pictures of a size. */
export function sentSide({ width, height }: Size): number {
  return clamp(TIMES * Math.max(width, height), LEAST_SIDE_PX, MOST_SIDE_PX);
}

/**
 * True where a photo is sent as it is.
 *
 * @param bytes size of the file
 * @param size its width and height, null where they are not known
 * @param side the longest side at which photos are sent
 */
export function isSentWhole(bytes: number, size: Size | null, side: number): boolean {
  return size !== null && bytes <= MOST_WHOLE_BYTES && Math.max(size.width, size.height) <= side;
}

/** True where a page can hold the pixels of a photo. */
export function fitsPage(size: Size | null): boolean {
  return size === null || size.width * size.height <= MOST_PIXELS;
}

/** A size brought to a longest side, its shape kept; one that is smaller stays. */
export function fitted({ width, height }: Size, side: number): Size {
  const times = Math.min(1, side / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * times)),
    height: Math.max(1, Math.round(height * times)),
  };
}

/** Why a photo that could not be made smaller cannot be sent; null if it can. */
export function photoObstacle(name: string, bytes: number, size: Size | null): string | null {
  if (bytes <= MOST_UPLOAD_BYTES) return null;
  const large = fitsPage(size)
    ? `${Math.ceil(bytes / 2 ** 20)} MB, and this browser cannot make it smaller`
    : `${size?.width} x ${size?.height} pixels, more than a page can hold`;
  return `${name} has ${large}; make a smaller copy, or look for it in a cell: widget.invert("${name}")`;
}

/** What was found for a photo, for a person. */
export interface Found {
  readonly words: string;
  /** What to do next; empty where there is a warning. */
  readonly hint: string;
  /** What to think of where the photo is not of the generator's kind; empty where it is. */
  readonly warning: string;
}

/** What the kernel says of a photo that was opened; null where it was none. */
export function foundOf(result: Readonly<Record<string, unknown>>): Found | null {
  const { photo } = result;
  if (!isRecord(photo) || !isText(photo.words)) return null;
  const warning = isText(photo.warning) ? photo.warning : "";
  return {
    words: `Found a picture that is ${photo.words}.`,
    hint: warning === "" ? "Pull at it as at any other. Undo goes back." : "",
    warning,
  };
}

/** Width and height that a picture says it has, as it lies in the file; null where that is not understood. */
export function pixelsOf(file: Uint8Array): Size | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  try {
    return READERS[kindOf(file)]?.(view) ?? null;
  } catch {
    return null; // it is cut off
  }
}

type Kind = "png" | "gif" | "jpeg" | "webp" | "bmp";

const BEGINS: readonly (readonly [Kind, number, string])[] = [
  ["png", 1, "PNG"],
  ["gif", 0, "GIF8"],
  ["jpeg", 0, "\xff\xd8\xff"],
  ["webp", 8, "WEBP"],
  ["bmp", 0, "BM"],
];

const READERS: Readonly<Record<Kind | "", ((view: DataView) => Size | null) | null>> = {
  png: (view) => ({ width: view.getUint32(16), height: view.getUint32(20) }),
  gif: (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  jpeg: jpegSize,
  webp: webpSize,
  bmp: (view) => ({
    width: Math.abs(view.getInt32(18, true)),
    height: Math.abs(view.getInt32(22, true)),
  }),
  "": null,
};

function kindOf(file: Uint8Array): Kind | "" {
  const found = BEGINS.find(([, at, letters]) => textAt(file, at, letters.length) === letters);
  return found?.[0] ?? "";
}

function textAt(file: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...file.subarray(at, at + length));
}

/** Looks for the segment that begins a frame (ITU-T T.81, B.2.2). */
function jpegSize(view: DataView): Size | null {
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const beginsFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (beginsFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    // A byte may be there to fill up; every other segment says how long it is.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return null;
}

/** Of the three forms of the format: lossy, lossless, and extended. */
function webpSize(view: DataView): Size | null {
  const form = String.fromCharCode(view.getUint8(15));
  if (form === "X") {
    const side = (at: number) => 1 + view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16;
    return { width: side(24), height: side(27) };
  }
  if (form === "L") {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}
