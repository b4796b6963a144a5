/** Photos made smaller by the browser, which reads what the kernel may not, and upright. */
import { fitted } from "../core/photos";

/** Quality of the JPEG that is sent; it is averaged over several pixels afterwards. */
const QUALITY = 0.95;

/** What shows through where a photo is transparent; the kernel does the same. */
const GROUND = "#ffffff";

/**
 * A photo as a JPEG; null where the browser cannot read it.
 *
 * @param file of a picture
 * @param side its longest side, in pixels, if it is not smaller already
 */
export async function smallerPhoto(file: Blob, side: number): Promise<Uint8Array | null> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const whole = { width: bitmap.width, height: bitmap.height };
    const small = drawn(bitmap, whole, side);
    bitmap.close();
    const made = await small.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    return new Uint8Array(await made.arrayBuffer());
  } catch {
    return null;
  }
}

/** A picture at a longest side; by halves at first, as browsers look at few pixels for one of a much smaller picture. */
function drawn(
  picture: CanvasImageSource,
  whole: { readonly width: number; readonly height: number },
  side: number,
): OffscreenCanvas {
  const half = Math.max(side, Math.ceil(Math.max(whole.width, whole.height) / 2));
  const { width, height } = fitted(whole, half);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("the browser gives no canvas; close other pages.");
  context.fillStyle = GROUND;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return half > side ? drawn(canvas, { width, height }, side) : canvas;
}
