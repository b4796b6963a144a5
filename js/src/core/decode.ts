/** Reads plain values out of what cannot be trusted; null where a value is not what it should be. */
import type { Size, Vec } from "./geometry";

/** No picture is wider or higher; a larger number is damage. */
const MAX_SIDE_PX = 16384;

export function decodeSize(value: unknown): Size | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [width, height]: unknown[] = value;
  if (!isCount(width, 1) || !isCount(height, 1)) return null;
  return Math.max(width, height) <= MAX_SIDE_PX ? { width, height } : null;
}

export function decodePoints(value: unknown): Vec[] | null {
  return decodeList(value, (item) => {
    if (!Array.isArray(item) || item.length !== 2) return null;
    const [x, y]: unknown[] = item;
    return isNumber(x) && isNumber(y) ? { x, y } : null;
  });
}

export function decodeIds(value: unknown): number[] | null {
  const ids = decodeList(value, (item) => (isCount(item, 1) ? item : null));
  return ids && new Set(ids).size === ids.length ? ids : null;
}

export function decodeList<T>(value: unknown, decode: (item: unknown) => T | null): T[] | null {
  if (!Array.isArray(value)) return null;
  const list: unknown[] = value;
  const items: T[] = [];
  for (const item of list) {
    const decoded = decode(item);
    if (decoded === null) return null;
    items.push(decoded);
  }
  return items;
}

export function box<T>(value: T | null | undefined): { value: T } | null {
  return value === null || value === undefined ? null : { value };
}

export function keepIf<T>(
  test: (value: unknown) => value is T,
): (value: unknown) => { value: T } | null {
  return (value) => (test(value) ? { value } : null);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

export function isLength(value: unknown): value is number {
  return isNumber(value) && value >= 0;
}

export function isCount(value: unknown, least: number): value is number {
  return isNumber(value) && Number.isSafeInteger(value) && value >= least;
}

/** The bytes of a buffer; hosts hand over DataView (Jupyter), Uint8Array (Colab) or ArrayBuffer. */
export function decodeBytes(buffer: unknown): Uint8Array | null {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  if (!ArrayBuffer.isView(buffer)) return null;
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
