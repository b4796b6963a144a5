/** Sends each command after the edits that were made before it, and again where it was lost. */
import { Alarms, type Later } from "./alarms";
import type { CommandName, ToKernel } from "./protocol";
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
  #heard = 0;

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

  /** Notes the answer to a command. */
  answered(rid: number): void {
    const command = this.#store.value.commands.find((each) => each.rid === rid);
    if (command && command.name !== "stop") this.#heard = Math.max(this.#heard, rid);
  }

  /**
   * Sends commands again that the kernel has not heard of.
   *
   * One that a later one has overtaken would do something else now than when it was given: it is given up, in words. Stop
   * overtakes everything.
   */
  lost(rids: readonly number[]): void {
    const { commands } = this.#store.value;
    const named = commands.filter(({ rid }) => rids.includes(rid) && this.#sent.has(rid));
    const others = commands.filter((each) => this.#sent.has(each.rid) && each.name !== "stop");
    const came = others.map(({ rid }) => rid).filter((rid) => !rids.includes(rid));
    const newest = Math.max(this.#heard, ...came);
    for (const { rid, name } of named) {
      if (rid > newest) this.#sent.delete(rid);
      else
        this.#store.dispatch({ kind: "reply", reply: { rid, ok: false, error: lostWords(name) } });
    }
    if (named.length > 0) this.tell();
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

function lostWords(name: CommandName): string {
  return `The command "${name}" was lost on its way, and what came after it was not; give it again.`;
}

function encodeCommand({ rid, name, args }: Command): ToKernel {
  return { k: "cmd", rid, name, args };
}
