/** What goes to the kernel: messages, and traits by the model or, after a silence, by messages of their own. */
import type { AnyModel } from "./ports";
import type { ToKernel } from "./protocol";

type Values = Record<string, unknown>;

/** Gives the values of a write a number, by which it is known whether the kernel has it. */
type Numbered = (values: Values) => Values;

export class Outbox {
  readonly #model: AnyModel;
  readonly #failed: () => void;
  readonly #numbered: Numbered;
  #direct = false;
  #writing = false;

  /** @param failed told when a host cannot take what is sent */
  constructor(model: AnyModel, failed: () => void, numbered: Numbered) {
    this.#numbered = numbered;
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
  write(values: Values): void {
    this.#set(this.#numbered(values), this.#direct);
  }

  /** Sets traits by the model, whatever was lost before: the host itself is to hear of it. */
  announce(values: Values): void {
    this.#set(values, false);
  }

  send(message: ToKernel): void {
    try {
      this.ask(message, []);
    } catch {
      this.#failed();
    }
  }

  /** Sends a message with files; throws where the host cannot take it now. */
  ask(message: ToKernel, files: ArrayBuffer[]): void {
    const sent = this.#model.send(message, undefined, files);
    // Some hosts say later that they could not send it.
    if (sent instanceof Promise) sent.catch(this.#failed);
  }

  #set(values: Values, direct: boolean): void {
    this.#writing = true;
    try {
      for (const [name, value] of Object.entries(values)) this.#model.set(name, value);
      if (direct) this.#tell(values);
      else this.#model.save_changes();
    } catch {
      this.#failed();
    } finally {
      this.#writing = false;
    }
  }

  /** Writes traits by a message of its own. */
  #tell({ mask, ...rest }: Values): void {
    const beside = mask instanceof DataView;
    const state = mask === null ? { ...rest, mask } : rest;
    this.#model.send({ k: "set", state, mask: beside }, undefined, beside ? [mask] : []);
  }
}
