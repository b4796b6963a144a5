/** Answers with large files, which come in pieces: put together once all are there. */
import type { Answer } from "./protocol";

export class Pieces {
  readonly #kept = new Map<number, Map<number, Uint8Array>>();

  /** Takes a piece of the files of an answer; one that comes again is the same. */
  take({ rid, index, bytes }: { rid: number; index: number; bytes: Uint8Array }): void {
    const kept = this.#kept.get(rid) ?? new Map<number, Uint8Array>();
    this.#kept.set(rid, kept.set(index, bytes));
  }

  /**
   * The answer with its files; null while pieces are missing.
   *
   * @param answer has none of its files yet where these come in pieces
   * @param sizes the bytes of each file; null where they came beside the answer
   */
  whole(answer: Answer, sizes: readonly number[] | null): Answer | null {
    if (!sizes) return answer;
    const pieces = [...(this.#kept.get(answer.rid) ?? [])].sort(([a], [b]) => a - b);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const all = new Uint8Array(total);
    let offset = 0;
    for (const [place, [index, bytes]] of pieces.entries()) {
      if (index !== place || offset + bytes.length > total) return null;
      all.set(bytes, offset);
      offset += bytes.length;
    }
    if (offset !== total) return null;
    let end = 0;
    const files = sizes.map((size) => {
      end += size;
      return all.subarray(end - size, end);
    });
    return { ...answer, files };
  }

  /** Forgets the pieces of an answer that nobody waits for any more. */
  forget(rid: number): void {
    this.#kept.delete(rid);
  }
}
