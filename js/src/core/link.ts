/** Counts the time since a word of the kernel fell due, and tells the store how the connection fares. */
import { Alarms, type Later } from "./alarms";
import { isConfirmed } from "./points";
import type { SharedStore } from "./store";
import type { Shared } from "./types";

/** Who waits for an answer this long asks whether anybody hears: a slow step is not a busy kernel. */
const PROBE_MS = 1000;

/** Without an answer to that either, a cell keeps the kernel from hearing. */
const BUSY_MS = 1500;

/** Without any word in this time, while one is due, the kernel counts as not answering: few cells take longer. */
const SILENCE_MS = 20000;

/** A new view has its picture sooner, or nobody is there. */
const SILENCE_GREETED_MS = 5000;

/** A run may think this long about one step. */
const SILENCE_RUNNING_MS = 15000;

/** Who does not hear is asked again after this time, then ever less often: what nobody reads piles up. */
const RETRY_MS = 3000;
const RETRY_SLOWEST_MS = 24000;

/** How long it is said that the kernel is back. */
const BACK_MS = 4000;

type Clock = "silence" | "long_silence" | "probe" | "busy" | "retry" | "back";

export class LinkWatch {
  readonly #store: SharedStore;
  readonly #alarms: Alarms<Clock>;
  readonly #probe: () => void;
  #retryMs = RETRY_MS;

  /** @param probe asks the kernel for a sign of life */
  constructor(store: SharedStore, later: Later, probe: () => void) {
    this.#store = store;
    this.#alarms = new Alarms(later);
    this.#probe = probe;
  }

  /**
   * Sets the clocks for what the kernel owes.
   *
   * @param greeted a new view waits for its picture
   * @param owed a mask or a question was sent, and no answer has followed it
   * @param uploadMs how long files may be on their way to the kernel, which hears nothing before they have come
   */
  watch(greeted: boolean, owed: boolean, uploadMs: number): void {
    const { value } = this.#store;
    const asked = isAsked(value) || owed;
    // On a long way an answer needs its time, too.
    const wayMs = 2 * (value.frame?.delayMs ?? 0);
    const silence = () => this.#store.dispatch({ kind: "silence" });
    const silenceMs = uploadMs + (greeted ? SILENCE_GREETED_MS : SILENCE_MS);
    this.#run("silence", asked || greeted, silenceMs, silence);
    this.#run("long_silence", value.traits.running, uploadMs + SILENCE_RUNNING_MS, silence);
    const owes = asked || value.pulls.length > 0;
    const doubts = owes && value.answering && value.link !== "busy";
    this.#run("probe", doubts, PROBE_MS + wayMs, this.#probe);
    this.#run("busy", doubts, BUSY_MS + wayMs, () =>
      this.#store.dispatch({ kind: "link", link: "busy" }),
    );
    this.#retry();
    this.#run("back", value.link === "back", BACK_MS, () => this.#alive());
    if (value.link === "busy" && !owes) this.#alive();
  }

  /** Notes any word of the kernel; a run speaks of itself even while nobody there hears. */
  heard(): void {
    this.#alarms.cancel("silence");
    this.#alarms.cancel("long_silence");
  }

  /** Notes a word that answers one of this page. */
  answered(): void {
    this.#alarms.cancel("probe");
    this.#alarms.cancel("busy");
    if (this.#store.value.link === "busy") this.#alive();
  }

  close(): void {
    this.#alarms.cancelAll();
  }

  #retry(): void {
    const { link } = this.#store.value;
    const deaf = link === "silent" || link === "busy";
    if (!deaf) this.#retryMs = RETRY_MS;
    this.#run("retry", deaf, this.#retryMs, () => {
      this.#retryMs = Math.min(2 * this.#retryMs, RETRY_SLOWEST_MS);
      this.#probe();
      this.#retry();
    });
  }

  #alive(): void {
    this.#store.dispatch({ kind: "link", link: "alive" });
  }

  #run(name: Clock, due: boolean, delayMs: number, callback: () => void): void {
    if (due) this.#alarms.set(name, delayMs, callback);
    else this.#alarms.cancel(name);
  }
}

/** True when a person has asked for something that the kernel has not confirmed. */
function isAsked(shared: Shared): boolean {
  return shared.commands.length > 0 || !isConfirmed(shared);
}
