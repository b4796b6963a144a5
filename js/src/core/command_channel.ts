/** Sends each command once, after the edits that were made before it. */
import { Alarms, type Later } from "./alarms";
import type { ToKernel } from "./protocol";
import type { SharedStore } from "./store";
import type { Command } from "./types";

/** A command waits this long for the kernel to confirm the edits made before it, so that they come first. */
const ORDER_MS = 400;

/** The edits that commands wait for. */
export interface Edits {
  /** True once the kernel has confirmed them all. */
  readonly areConfirmed: () => boolean;
  /** Sends those that were not sent yet. */
  readonly write: () => void;
}

export class CommandChannel {
  readonly #store: SharedStore;
  readonly #edits: Edits;
  readonly #send: (message: ToKernel) => void;
  readonly #alarms: Alarms<"order">;
  readonly #sent = new Set<number>();
  #impatient = false;

  /** @param send tells the kernel */
  constructor(store: SharedStore, later: Later, edits: Edits, send: (message: ToKernel) => void) {
    this.#store = store;
    this.#edits = edits;
    this.#send = send;
    this.#alarms = new Alarms(later);
  }

  /** Sends what the kernel was not told yet; what was edited before a command goes first, but stop never waits. */
  tell(): void {
    const { commands } = this.#store.value;
    const waiting = commands.filter((command) => !this.#sent.has(command.rid));
    for (const command of waiting) {
      if (command.name !== "stop" && this.#mustWait()) {
        this.#alarms.set("order", ORDER_MS, () => {
          this.#impatient = true;
          this.tell();
        });
        continue;
      }
      this.#sent.add(command.rid);
      this.#send(encodeCommand(command));
    }
    const due = new Set(commands.map((command) => command.rid));
    for (const rid of this.#sent) if (!due.has(rid)) this.#sent.delete(rid);
  }

  /** The numbers of those that the kernel was told and has not answered. */
  get sent(): readonly number[] {
    return [...this.#sent];
  }

  close(): void {
    this.#alarms.cancelAll();
  }

  #mustWait(): boolean {
    if (this.#edits.areConfirmed()) {
      this.#impatient = false;
      this.#alarms.cancel("order");
      return false;
    }
    this.#edits.write();
    return !this.#impatient;
  }
}

function encodeCommand({ rid, name, args }: Command): ToKernel {
  return { k: "cmd", rid, name, args };
}
