/** Fetches the small pictures of seeds one after the other, those that are seen first, and never during a pull. */
import type { Ask } from "./asks";
import { isText } from "./decode";
import { OneByOne } from "./one_by_one";

/** A picture as it came. */
export interface SmallPicture {
  readonly mime: string;
  readonly bytes: Uint8Array;
}

/** What is wanted at present. */
export interface Wanted {
  /** Seeds that are seen. */
  readonly seen: readonly number[];
  /** Those that may be seen next. */
  readonly others: readonly number[];
  readonly truncation: number;
  readonly generator: string;
  /** False while nothing may be asked. */
  readonly active: boolean;
}

export class SeedLoader {
  readonly #ask: Ask;
  readonly #show: (seed: number, picture: SmallPicture) => void;
  readonly #drawn = new Map<number, string>();
  readonly #failed = new Map<number, string>();
  readonly #work = new OneByOne(
    () => this.#next(),
    (seed) => this.#fetch(seed),
  );
  #wanted: Wanted | null = null;
  #last = -1;

  /**
   * @param ask asks the kernel
   * @param show takes a picture that has come
   */
  constructor(ask: Ask, show: (seed: number, picture: SmallPicture) => void) {
    this.#ask = ask;
    this.#show = show;
  }

  /** Fetches from now on what is wanted; what is on its way still comes. */
  want(wanted: Wanted): void {
    this.#wanted = wanted;
    this.#work.go();
  }

  /** Asks again for what could not be had. */
  retry(): void {
    this.#failed.clear();
  }

  async #fetch(seed: number): Promise<void> {
    const wanted = this.#wanted;
    if (!wanted) return;
    const key = keyOf(wanted);
    try {
      const args = { seed, truncation_psi: wanted.truncation };
      const { result, files } = await this.#ask("seed", args);
      const [bytes] = files;
      if (!bytes || !isText(result.mime)) throw new TypeError("an answer without a picture");
      this.#drawn.set(seed, key);
      this.#show(seed, { mime: result.mime, bytes });
    } catch {
      this.#failed.set(seed, key);
    }
  }

  /** The seed to ask for next: those that are seen take turns, so that all of them follow a slider. */
  #next(): number | null {
    const wanted = this.#wanted;
    if (!wanted?.active) return null;
    const key = keyOf(wanted);
    const isDue = (seed: number) => this.#drawn.get(seed) !== key && this.#failed.get(seed) !== key;
    const { seen, others } = wanted;
    const from = seen.indexOf(this.#last) + 1;
    const next = [...seen.slice(from), ...seen.slice(0, from), ...others].find(isDue);
    if (next === undefined) return null;
    this.#last = next;
    return next;
  }
}

function keyOf({ truncation, generator }: Wanted): string {
  return `${truncation} ${generator}`;
}
