/** Carries the mask between the store and its trait, as a PNG; the newest always wins. */
import { decodeBytes } from "./decode";
import type { Ports } from "./ports";
import type { SharedStore } from "./store";

export class MaskChannel {
  readonly #store: SharedStore;
  readonly #ports: Ports;
  readonly #write: (value: DataView | null) => void;
  #value: unknown = null;
  #rev = 0;
  #packing = 0;
  #unsure = false;
  #skipped = false;
  #closed = false;

  /** @param write sets the trait */
  constructor(store: SharedStore, ports: Ports, write: (value: DataView | null) => void) {
    this.#store = store;
    this.#ports = ports;
    this.#write = write;
  }

  /** True while a mask is on its way to the trait. */
  get busy(): boolean {
    return this.#packing > 0;
  }

  /** True while nothing shows that the kernel has the newest mask of this page. */
  get unsure(): boolean {
    return this.#unsure;
  }

  /**
   * Notes that the mask has come.
   *
   * @returns true when a mask of the kernel was passed over meanwhile, which may be a newer one
   */
  arrived(): boolean {
    if (!this.#unsure) return false;
    this.#unsure = false;
    const skipped = this.#skipped;
    this.#skipped = false;
    return skipped;
  }

  /** Has a mask that may have been lost sent again. */
  again(): void {
    if (this.#unsure) this.#rev = -1;
  }

  /** Takes in the value of the trait; while a newer mask of this page is on its way, it is old. */
  async receive(value: unknown): Promise<void> {
    if (value === this.#value) return;
    this.#value = value;
    if (this.#unsure) {
      this.#skipped = true;
      return;
    }
    const rev = this.#store.value.maskRev;
    try {
      const png = decodeBytes(value);
      const mask = png && png.length > 0 ? await this.#ports.decodeMask(png) : null;
      const overtaken = value !== this.#value || rev !== this.#store.value.maskRev;
      if (!this.#closed && !overtaken) this.#store.dispatch({ kind: "mask", mask });
    } catch {
      this.#complain("mask must be a PNG; set it to a boolean [H, W] array or None.");
    }
  }

  /** Sets the trait where a person has changed the mask; true once it is done. */
  async send(): Promise<boolean> {
    const { mask, maskRev } = this.#store.value;
    if (maskRev === this.#rev) return false;
    this.#rev = maskRev;
    this.#packing += 1;
    try {
      const png = mask && (await this.#ports.encodeMask(mask));
      if (this.#closed || maskRev !== this.#rev) return false;
      // Jupyter takes a DataView for a binary buffer in every version.
      const value = png && new DataView(png.buffer, png.byteOffset, png.byteLength);
      this.#value = value;
      this.#unsure = true;
      this.#write(value);
      return true;
    } catch {
      this.#complain("The mask could not be packed for the kernel; clear it and paint again.");
      return false;
    } finally {
      this.#packing -= 1;
    }
  }

  close(): void {
    this.#closed = true;
  }

  #complain(message: string): void {
    if (!this.#closed) this.#store.dispatch({ kind: "problem", message });
  }
}
