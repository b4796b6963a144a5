/** The switches that person and kernel share: written where a person has changed them, never where the kernel has. */
import type { Traits } from "./protocol";
import type { Writes } from "./writes";

type Values = Pick<Traits, "autoRun" | "blendOutside">;

export class Switches {
  readonly #writes: Pick<Writes, "isOpen">;
  readonly #write: (values: Record<string, unknown>) => void;
  #told: Values;

  /**
   * @param writes knows whether the kernel has what this page has written
   * @param write sets traits
   */
  constructor(
    values: Values,
    writes: Pick<Writes, "isOpen">,
    write: (values: Record<string, unknown>) => void,
  ) {
    this.#told = values;
    this.#writes = writes;
    this.#write = write;
  }

  /** Takes note of what the kernel says; gives it with what a person has switched since, which the kernel may not know. */
  told(traits: Traits): Traits {
    const before = this.#told;
    const { autoRun } = this.#writes.isOpen("auto_run") ? before : traits;
    const { blendOutside } = this.#writes.isOpen("blend_outside") ? before : traits;
    this.#told = { autoRun, blendOutside };
    return { ...traits, autoRun, blendOutside };
  }

  /** Tells the kernel of what a person has changed. */
  tell({ autoRun, blendOutside }: Values): void {
    const before = this.#told;
    this.#told = { autoRun, blendOutside };
    if (autoRun !== before.autoRun) this.#write({ auto_run: autoRun });
    if (blendOutside !== before.blendOutside) this.#write({ blend_outside: blendOutside });
  }

  /** Tells again what was lost of it. */
  again(lost: readonly string[]): void {
    const { autoRun, blendOutside } = this.#told;
    if (lost.includes("auto_run")) this.#write({ auto_run: autoRun });
    if (lost.includes("blend_outside")) this.#write({ blend_outside: blendOutside });
  }
}
