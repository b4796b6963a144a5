/** Does things one after the other: what comes next is asked for when the last one has ended. */

export class OneByOne<Task> {
  readonly #next: () => Task | null;
  readonly #act: (task: Task) => Promise<void>;
  #acting = false;

  /**
   * @param next names what is to be done now, null for nothing
   * @param act does it; never rejects
   */
  constructor(next: () => Task | null, act: (task: Task) => Promise<void>) {
    this.#next = next;
    this.#act = act;
  }

  /** Goes on, unless something is being done already. */
  go(): void {
    if (!this.#acting) void this.#work();
  }

  async #work(): Promise<void> {
    this.#acting = true;
    for (let task = this.#next(); task !== null; task = this.#next()) await this.#act(task);
    this.#acting = false;
  }
}
