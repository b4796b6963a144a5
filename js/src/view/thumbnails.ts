/** Small pictures of the history's entries: asked for one after the other, those that can be seen, and kept. */
import type { Ask } from "../core/asks";
import { OneByOne } from "../core/one_by_one";
import { bitmapOf } from "./bitmap";

export class Thumbnails {
  readonly #ask: Ask;
  readonly #show: (id: number, picture: ImageBitmap) => void;
  readonly #failed = new Set<number>();
  readonly #work: OneByOne<number>;
  #round = 0;

  /**
   * @param ask asks the kernel
   * @param next names the entry whose picture is wanted most, null for none; is asked before each question
   * @param show is given a picture, and closes it
   */
  constructor(
    ask: Ask,
    next: () => number | null,
    show: (id: number, picture: ImageBitmap) => void,
  ) {
    this.#ask = ask;
    this.#show = show;
    this.#work = new OneByOne(next, (id) => this.#fetch(id));
  }

  /** True for an entry whose picture could not be had. */
  hasFailed(id: number): boolean {
    return this.#failed.has(id);
  }

  /** Lets pictures that could not be had be asked for again. */
  forgive(): void {
    this.#failed.clear();
  }

  /** Forgets what failed, and drops what is on its way: an id stands for another entry from now on. */
  forget(): void {
    this.#round += 1;
    this.forgive();
  }

  /** Asks on, if anything is wanted and nothing was asked. */
  go(): void {
    this.#work.go();
  }

  async #fetch(id: number): Promise<void> {
    const round = this.#round;
    try {
      const { files } = await this.#ask("thumbnail", { entry: id });
      const [file] = files;
      if (!file) throw new TypeError("expected a picture");
      const picture = await bitmapOf(file);
      if (round === this.#round) this.#show(id, picture);
      else picture.close();
    } catch {
      // An entry that is gone, or a kernel that does not answer: its place stays empty.
      if (round === this.#round) this.#failed.add(id);
    }
  }
}
