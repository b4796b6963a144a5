/** Finds what is wanted most of all, one at a time: whoever wants something else drops what was wanted before. */

export class Newest<Key, Found> {
  readonly #find: (key: Key) => Promise<Found>;
  readonly #show: (key: Key, found: Found) => void;
  readonly #fail: (error: unknown) => void;
  #wanted: Key | null = null;
  #finding = false;

  /**
   * @param find begins to find something; is never called before the last one was found
   * @param show is given what was found, also if something else is wanted by now: it shows that there is progress
   * @param fail is told why something was not found; what was wanted since is still looked for
   */
  constructor(
    find: (key: Key) => Promise<Found>,
    show: (key: Key, found: Found) => void,
    fail: (error: unknown) => void,
  ) {
    this.#find = find;
    this.#show = show;
    this.#fail = fail;
  }

  /** Wants something; null wants nothing any more. */
  want(key: Key | null): void {
    this.#wanted = key;
    if (!this.#finding) void this.#work();
  }

  async #work(): Promise<void> {
    this.#finding = true;
    while (this.#wanted !== null) {
      const key = this.#wanted;
      this.#wanted = null;
      try {
        this.#show(key, await this.#find(key));
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#finding = false;
  }
}
