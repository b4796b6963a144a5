/** Questions to the kernel, which change nothing, and their answers; each ends with one, even if the kernel is lost. */
import type { Progress } from "./progress";
import type { Answer, Args, ToKernel } from "./protocol";

/** What else comes of a question whose answer takes long. */
export interface Watch {
  /** Told at once how to give the question up; it is rejected then. */
  readonly begun: (cancel: () => void) => void;
  /** Told how far it is. */
  readonly progressed: (progress: Progress) => void;
}

/** A question with its files; what comes back is rejected with words for a person. */
export type Ask = (
  name: string,
  args?: Args,
  files?: readonly Uint8Array[],
  watch?: Watch,
) => Promise<Answer>;

/** The words of a question that a person has given up. */
export const CANCELLED = "It was cancelled.";

interface Waiting {
  readonly send: () => void;
  readonly watch: Watch | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class Asks {
  readonly #send: (message: ToKernel, files: ArrayBuffer[]) => void;
  readonly #waiting = new Map<number, Waiting>();
  #nextRid: number;

  /**
   * @param firstRid the number of the first question; pages that share a kernel should start far apart
   * @param send tells the kernel; throws when it cannot
   */
  constructor(firstRid: number, send: (message: ToKernel, files: ArrayBuffer[]) => void) {
    this.#nextRid = firstRid;
    this.#send = send;
  }

  /** Asks, and gives what the kernel has found. */
  readonly ask: Ask = (name, args = {}, files = [], watch) => {
    const rid = this.#nextRid;
    this.#nextRid += 1;
    const send = () => this.#send({ k: "ask", rid, name, args }, files.map(copyOf));
    return new Promise((resolve, reject) => {
      this.#waiting.set(rid, { resolve, reject, watch, send });
      if (!this.#sent(rid)) return;
      watch?.begun(() => this.#cancel(rid));
    });
  };

  /** The numbers of those that have no answer, the oldest first. */
  get waiting(): readonly number[] {
    return [...this.#waiting.keys()];
  }

  /** Takes an answer; one to a question of another page is not ours. */
  receive(answer: Answer): void {
    const waiting = this.#waiting.get(answer.rid);
    if (!waiting) return;
    this.#waiting.delete(answer.rid);
    if (answer.ok) waiting.resolve(answer);
    else waiting.reject(new Error(answer.error));
  }

  /** Takes the word of how much of a question is answered. */
  progressed(progress: Progress): void {
    this.#waiting.get(progress.rid)?.watch?.progressed(progress);
  }

  /** Asks again what the kernel has not heard of. */
  lost(rids: readonly number[]): void {
    for (const rid of rids) this.#sent(rid);
  }

  /** Sends a question; one that cannot be sent is over. */
  #sent(rid: number): boolean {
    const waiting = this.#waiting.get(rid);
    if (!waiting) return false;
    try {
      waiting.send();
      return true;
    } catch {
      this.#waiting.delete(rid);
      waiting.reject(new Error("The kernel cannot be reached."));
      return false;
    }
  }

  #cancel(rid: number): void {
    const waiting = this.#waiting.get(rid);
    if (!waiting) return;
    this.#waiting.delete(rid);
    waiting.reject(new Error(CANCELLED));
    void this.ask("cancel", { rid }).catch(() => undefined);
  }

  /** Gives up every question that has no answer. */
  giveUp(reason: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error(reason));
  }
}

/** The bytes alone, in a buffer of their own. */
function copyOf(file: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(file.byteLength);
  new Uint8Array(copy).set(file);
  return copy;
}
