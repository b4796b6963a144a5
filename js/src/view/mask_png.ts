/** The mask as the bytes of an 8-bit grey PNG, and back. */
import { PNG_SIGNATURE } from "../core/essence";
import { MAY_MOVE, MAY_NOT_MOVE, type Mask } from "../core/mask";
import { bitmapOf } from "./bitmap";

/** From this grey on a pixel may move. */
const THRESHOLD = 128;

/** Eight bits of grey, deflated, unfiltered rows, not interlaced (PNG specification, 11.2.1). */
const HEADER_TAIL = [8, 0, 0, 0, 0];

/**
 * The PNG of a mask: 8-bit grey, 255 = may move.
 *
 * A canvas would write four channels, four times the bytes; the browser's own deflate writes one.
 */
export async function encodeMask(mask: Mask): Promise<Uint8Array> {
  const { width, height, data } = mask;
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set(HEADER_TAIL, 8);
  const parts = [
    new Uint8Array(PNG_SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The mask in a PNG of any kind; grey from 128 on may move. */
export async function decodeMask(png: Uint8Array): Promise<Mask> {
  const bitmap = await bitmapOf(png, "image/png");
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("expected a 2d canvas, got none; reload the page.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Uint8Array(width * height);
  for (let index = 0; index < values.length; index++) {
    values[index] = (data[4 * index] ?? 0) >= THRESHOLD ? MAY_MOVE : MAY_NOT_MOVE;
  }
  return { width, height, data: values };
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A chunk: length, type, content, and the checksum of the last two. */
function chunk(type: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(content, 8);
  view.setUint32(content.length + 8, crc32(bytes.subarray(4, content.length + 8)));
  return bytes;
}

/** The checksum of a chunk (PNG specification, annex D; polynomial 0xedb88320). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
