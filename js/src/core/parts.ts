/** Pictures that come in parts, so that a slow connection can carry something newer in between. */
import type { FrameInfo, Part } from "./protocol";

export class Parts {
  #kept: readonly Part[] = [];

  /** The number of the newest part of a picture whose end has not come; null where none is awaited. */
  get newestSeq(): number | null {
    return this.#kept.at(-1)?.seq ?? null;
  }

  /** Takes a part; one that does not go on with those before it, or begin anew, is of no use. */
  take(part: Part): void {
    const { seq, index } = part;
    if (index === 0) this.#kept = [part];
    else if (index === this.#kept.length && seq === (this.newestSeq ?? seq) + 1) {
      this.#kept = [...this.#kept, part];
    }
  }

  /**
   * The picture of a frame, whose parts are forgotten with those of pictures before it; null where some are missing.
   *
   * @param frame says how many parts have come before
   * @param end what came beside it
   */
  whole({ seq, parts }: FrameInfo, end: Uint8Array): Uint8Array | null {
    const before = this.#kept;
    this.#kept = [];
    if (parts === 0) return end;
    if (before.length !== parts || before.at(-1)?.seq !== seq - 1) return null;
    const all = [...before.map(({ bytes }) => bytes), end];
    const picture = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const bytes of all) {
      picture.set(bytes, offset);
      offset += bytes.length;
    }
    return picture;
  }
}
