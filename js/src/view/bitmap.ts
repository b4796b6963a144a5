/** Files of pictures as the browser holds them. */

/** The picture in a file, of whichever kind the browser reads; rejects where it reads none. */
export function bitmapOf(file: Uint8Array, mime = ""): Promise<ImageBitmap> {
  return createImageBitmap(blobOf(file, mime));
}

/** A file as the browser hands it on. */
export function blobOf(file: Uint8Array, mime: string): Blob {
  return new Blob([new Uint8Array(file)], { type: mime });
}
