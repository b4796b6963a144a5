/** The switches that person and kernel share: written where a person has changed them, never where the kernel has. */
import type { Traits } from "./protocol";

type Values = Pick<Traits, "autoRun" | "blendOutside">;

export class Switches {
  readonly #write: (values: Record<string, unknown>) => void;
  #told: Values;

  /** @param write sets traits */
  constructor(values: Values, write: (values: Record<string, unknown>) => void) {
    this.#told = values;
    this.#write = write;
  }

  /** Takes note of what the kernel says. */
  told(values: Values): void {
    this.#told = values;
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
