/** How far the work on a long question is, and what is to be seen of it meanwhile. */
import { isCount, isLength, isText } from "./decode";

/** What the picture beside the word is: the part of a photo that is looked for, or what was found so far. */
export type Seen = "photo" | "picture";

export interface Progress {
  readonly rid: number;
  /** How much is done, 0 .. 1. */
  readonly part: number;
  /** What is done, or empty. */
  readonly words: string;
  /** A picture to be shown; null without one. */
  readonly shown: { readonly what: Seen; readonly file: Uint8Array } | null;
}

/**
 * The word of the kernel; null where it is not understood.
 *
 * @param message what the kernel says
 * @param file what came beside it, null without anything
 */
export function decodeProgress(
  { rid, part, words, shows }: Record<string, unknown>,
  file: Uint8Array | null,
): Progress | null {
  if (!isCount(rid, 1) || !isLength(part) || part > 1 || !isText(words)) return null;
  if (shows === "") return { rid, part, words, shown: null };
  if ((shows !== "photo" && shows !== "picture") || !file || file.length === 0) return null;
  return { rid, part, words, shown: { what: shows, file } };
}
