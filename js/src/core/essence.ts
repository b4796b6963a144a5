/** What the kernel needs of a file to open it: of a picture with a session only that, which is far smaller. */

/** How a PNG begins (PNG specification, 5.2). */
export const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The kind of the chunk that holds a session; `CHUNK` in `session/embedding.py`. */
const SESSION_CHUNK = "dgWs";

/** A session file begins with the length of its header, eight bytes of which the upper ones are 0, and then this. */
const BRACE_AT = 8;
const BRACE = 0x7b;

/** A chunk of a PNG has this many bytes beside its content: length, kind and check. */
const CHUNK_EXTRA_BYTES = 12;

/** True for a session file and for a PNG with a session in it; anything else may be a photo. */
export function holdsSession(file: Uint8Array): boolean {
  if (begins(file, PNG_SIGNATURE)) return sessionChunks(file).length > 0;
  return file[BRACE_AT] === BRACE && file.subarray(4, BRACE_AT).every((value) => value === 0);
}

/** The part of a file that the kernel needs: of a PNG with a session its signature and that, of any other file all. */
export function essenceOf(file: Uint8Array): Uint8Array {
  if (!begins(file, PNG_SIGNATURE)) return file;
  const chunks = sessionChunks(file);
  return chunks.length > 0 ? joined([file.subarray(0, 8), ...chunks]) : file;
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
