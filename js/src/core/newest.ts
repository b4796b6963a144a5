/** Finds what is wanted most of all, one at a time: whoever wants something else drops what was wanted before. */
import { OneByOne } from "./one_by_one";

export class Newest<Key, Found> {
  readonly #find: (key: Key) => Promise<Found>;
  readonly #show: (key: Key, found: Found) => void;
  readonly #fail: (error: unknown, key: Key) => void;
  readonly #work = new OneByOne(
    () => this.#take(),
    (key) => this.#look(key),
  );
  #wanted: Key | null = null;

  /**
   * @param find begins to find something; is never called before the last one was found
   * @param show is given what was found, also if something else is wanted by now: it shows that there is progress
   * @param fail is told why something was not found; what was wanted since is still looked for
   */
  constructor(
    find: (key: Key) => Promise<Found>,
    show: (key: Key, found: Found) => void,
    fail: (error: unknown, key: Key) => void,
  ) {
    this.#find = find;
    this.#show = show;
    this.#fail = fail;
  }

  /** Wants something; null wants nothing any more. */
  want(key: Key | null): void {
    this.#wanted = key;
    this.#work.go();
  }

  #take(): Key | null {
    const key = this.#wanted;
    this.#wanted = null;
    return key;
  }

  async #look(key: Key): Promise<void> {
    try {
      this.#show(key, await this.#find(key));
    } catch (error) {
      this.#fail(error, key);
    }
  }
}
