/**
 * What this page has written to traits, each under the number of its newest write, until the kernel says that it has it.
 *
 * A write may be lost on its way. A host may also hold one back until that before it was answered, so that a question
 * overtakes it: only what a second question, asked after the first was answered, does not find either is lost.
 */

/** What stands for a write; the other traits of an edit of the points go with `point_edit`. */
const NAMES = ["point_edit", "mask", "auto_run", "blend_outside"];

/** These are looked after by others who wait for them. */
const AWAITED: ReadonlySet<string> = new Set(["point_edit", "mask"]);

interface Open {
  readonly n: number;
  /** Only a question after this one can have found the write. */
  readonly after: number;
  readonly doubted: boolean;
}

export class Writes {
  readonly #page: number;
  readonly #asked: () => number;
  readonly #open = new Map<string, Open>();
  #n = 0;

  /**
   * @param page the number of this page
   * @param asked gives the number of the newest question
   */
  constructor(page: number, asked: () => number) {
    this.#page = page;
    this.#asked = asked;
  }

  /** The values of a write with its number. */
  numbered(values: Record<string, unknown>): Record<string, unknown> {
    this.#n += 1;
    for (const name of NAMES) {
      if (name in values) {
        this.#open.set(name, { n: this.#n, after: this.#asked(), doubted: false });
      }
    }
    return { ...values, page_write: { page: this.#page, n: this.#n } };
  }

  /** True while nothing shows that the kernel has the newest value of a trait. */
  isOpen(name: string): boolean {
    return this.#open.has(name);
  }

  /** True while that holds of a trait for which nobody else waits. */
  get isUnsure(): boolean {
    return [...this.#open.keys()].some((name) => !AWAITED.has(name));
  }

  /**
   * Takes the answer to a question.
   *
   * @param n the number of the question
   * @param heard the numbers of the newest writes of this page that the kernel has heard of, by name
   * @returns the names of those that were lost
   */
  answered(n: number, heard: Readonly<Record<string, number>>): string[] {
    const lost: string[] = [];
    for (const [name, open] of [...this.#open]) {
      if ((heard[name] ?? 0) >= open.n) this.#open.delete(name);
      else if (n > open.after) {
        if (open.doubted) lost.push(name);
        this.#open.set(name, { ...open, after: this.#asked(), doubted: true });
      }
    }
    return lost;
  }
}
