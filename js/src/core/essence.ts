/** What the kernel needs of a file to open it: of a picture only the session inside it, which is far smaller. */

/** How a PNG begins (PNG specification, 5.2). */
export const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** How other pictures begin, which hold no session: JPEG, GIF, WebP, BMP. */
const OTHER_PICTURES = [
  [0xff, 0xd8, 0xff],
  [...bytesOf("GIF8")],
  [...bytesOf("RIFF")],
  [...bytesOf("BM")],
];

/** The kind of the chunk that holds a session; `CHUNK` in `session/embedding.py`. */
const SESSION_CHUNK = "dgWs";

/** So much tells the kernel what a picture is. */
const BEGIN_BYTES = 16;

/** A chunk of a PNG has this many bytes beside its content: length, kind and check. */
const CHUNK_EXTRA_BYTES = 12;

/**
 * The part of a file that the kernel needs.
 *
 * @returns of a PNG its signature and the chunks with a session, of another picture its begin, of any other file all
 */
export function essenceOf(file: Uint8Array): Uint8Array {
  if (begins(file, PNG_SIGNATURE)) return joined([file.subarray(0, 8), ...sessionChunks(file)]);
  if (OTHER_PICTURES.some((begin) => begins(file, begin))) return file.subarray(0, BEGIN_BYTES);
  return file;
}

function sessionChunks(png: Uint8Array): Uint8Array[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Uint8Array[] = [];
  let at = PNG_SIGNATURE.length;
  while (at + CHUNK_EXTRA_BYTES <= png.length) {
    const end = at + CHUNK_EXTRA_BYTES + view.getUint32(at);
    const kind = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (kind === SESSION_CHUNK) chunks.push(png.subarray(at, end));
    at = end;
  }
  return chunks;
}

function begins(file: Uint8Array, begin: readonly number[]): boolean {
  return file.length >= begin.length && begin.every((value, index) => file[index] === value);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function bytesOf(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}
