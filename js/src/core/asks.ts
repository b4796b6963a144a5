/** Questions to the kernel, which change nothing, and their answers; each ends with one, even if the kernel is lost. */

import { Pieces } from "./pieces";
import type { Progress } from "./progress";
import type { Answer, Args, FromKernel, ToKernel } from "./protocol";
import { assertNever } from "./types";

type OfQuestions = Extract<FromKernel, { kind: "answer" | "piece" | "progress" }>;

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

/** On the slowest way that is waited for, files of questions leave at this rate, and no answer overtakes them. */
const BYTES_PER_MS = 25;

/** The words of a question that a person has given up. */
export const CANCELLED = "It was cancelled.";

interface Waiting {
  readonly send: () => void;
  readonly uploadMs: number;
  readonly watch: Watch | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class Asks {
  readonly #send: (message: ToKernel, files: ArrayBuffer[]) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #pieces = new Pieces();
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
      const bytes = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
      this.#waiting.set(rid, { resolve, reject, watch, send, uploadMs: bytes / BYTES_PER_MS });
      if (!this.#sent(rid)) return;
      watch?.begun(() => this.#cancel(rid));
    });
  };

  /** The numbers of those that have no answer, the oldest first. */
  get waiting(): readonly number[] {
    return [...this.#waiting.keys()];
  }

  /** How long the files of those may be on their way to the kernel. */
  get uploadMs(): number {
    return [...this.#waiting.values()].reduce((sum, { uploadMs }) => sum + uploadMs, 0);
  }

  /** True while an answer is awaited to a question of this number. */
  awaits(rid: number): boolean {
    return this.#waiting.has(rid);
  }

  /** Takes what the kernel says of a question. */
  take(message: OfQuestions): void {
    switch (message.kind) {
      case "answer":
        this.receive(message.answer, message.sizes);
        break;
      case "piece":
        if (this.awaits(message.piece.rid)) this.#pieces.take(message.piece);
        break;
      case "progress":
        this.progressed(message.progress);
        break;
      default:
        assertNever(message);
    }
  }

  /**
   * Takes an answer; one to a question of another page is not ours, and one with missing files comes again.
   *
   * @param sizes the bytes of its files, where they came in pieces
   */
  receive(answer: Answer, sizes: readonly number[] | null): void {
    const waiting = this.#waiting.get(answer.rid);
    const whole = waiting && this.#pieces.whole(answer, sizes);
    if (!whole) return;
    this.#end(answer.rid);
    if (whole.ok) waiting.resolve(whole);
    else waiting.reject(new Error(whole.error));
  }

  #end(rid: number): void {
    this.#waiting.delete(rid);
    this.#pieces.forget(rid);
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
      this.#end(rid);
      waiting.reject(new Error("The kernel cannot be reached."));
      return false;
    }
  }

  #cancel(rid: number): void {
    const waiting = this.#waiting.get(rid);
    if (!waiting) return;
    this.#end(rid);
    waiting.reject(new Error(CANCELLED));
    void this.ask("cancel", { rid }).catch(() => undefined);
  }

  /** Gives up every question that has no answer. */
  giveUp(reason: string): void {
    const waiting = [...this.#waiting];
    for (const [rid] of waiting) this.#end(rid);
    for (const [, { reject }] of waiting) reject(new Error(reason));
  }
}

/** The bytes alone, in a buffer of their own. */
function copyOf(file: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(file.byteLength);
  new Uint8Array(copy).set(file);
  return copy;
}
