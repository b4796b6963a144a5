/** What goes to the kernel: messages, and traits by the model or, after a silence, by messages of their own. */
import type { AnyModel } from "./ports";
import type { ToKernel } from "./protocol";

export class Outbox {
  readonly #model: AnyModel;
  readonly #failed: () => void;
  #direct = false;
  #writing = false;

  /** @param failed told when a host cannot take what is sent */
  constructor(model: AnyModel, failed: () => void) {
    this.#model = model;
    this.#failed = failed;
  }

  /** True while the model announces what this has just set. */
  get isWriting(): boolean {
    return this.#writing;
  }

  /** From now on writes traits past the model: it writes nothing more before its last write was answered, and that answer may be lost for ever. */
  goDirect(): void {
    this.#direct = true;
  }

  /** Sets traits on both ends. */
  write(values: Record<string, unknown>): void {
    this.#writing = true;
    try {
      for (const [name, value] of Object.entries(values)) this.#model.set(name, value);
      if (this.#direct) this.#tell(values);
      else this.#model.save_changes();
    } catch {
      this.#failed();
    } finally {
      this.#writing = false;
    }
  }

  send(message: ToKernel): void {
    try {
      this.#model.send(message);
    } catch {
      this.#failed();
    }
  }

  /** Writes traits by a message of its own. */
  #tell({ mask, ...rest }: Record<string, unknown>): void {
    const beside = mask instanceof DataView;
    const state = mask === null ? { ...rest, mask } : rest;
    this.#model.send({ k: "set", state, mask: beside }, undefined, beside ? [mask] : []);
  }
}
