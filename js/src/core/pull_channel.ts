/**
 * Tells the kernel where pointers pull: beginnings and ends at once, places once per paint, and that they still rest.
 *
 * On a long way places are told less often, and to a kernel that does not answer hardly at all: every message makes the
 * kernel send two, and what nobody reads piles up. Only the newest place waits.
 */
import { Alarms } from "./alarms";
import type { Vec } from "./geometry";
import type { Ports } from "./ports";
import type { FrameInfo, PullEnd, ToKernel } from "./protocol";
import type { SharedStore } from "./store";
import { Trail } from "./trail";
import type { Pull } from "./types";

/** A pointer that rests says so this often, so that the kernel knows that it was not lost. */
const HOLD_MS = 1000;

/** An answer that takes this long has a long way, on which so many places are told meanwhile. */
const LONG_MS = 100;
const PLACES_PER_DELAY = 4;

/** Where so many places are not followed yet, others are told this seldom: the way, or the kernel, has enough of them. */
const MANY_UNHEARD = 16;
const MANY_SPACING_MS = 120;

/** Places that no picture has followed yet at most; a second at 60 paints each does not come near to it in a slow step. */
const MOST_UNHEARD = 64;

export class PullChannel {
  readonly #trail = new Trail();
  readonly #store: SharedStore;
  readonly #ports: Ports;
  readonly #send: (message: ToKernel) => void;
  readonly #beforeEnd: () => void;
  readonly #alarms: Alarms<"hold" | "space">;
  readonly #pulled = new Map<number, Vec>();
  readonly #ended = new WeakSet<Pull>();
  #due = false;
  #spacingMs = 0;
  #spaced = false;
  #seq = 0;
  #heardSeq = 0;
  #closed = false;

  /**
   * @param send tells the kernel
   * @param beforeEnd writes the edits that have to reach the kernel before a pull ends
   */
  constructor(
    store: SharedStore,
    ports: Ports,
    send: (message: ToKernel) => void,
    beforeEnd: () => void,
  ) {
    this.#store = store;
    this.#ports = ports;
    this.#send = send;
    this.#beforeEnd = beforeEnd;
    this.#alarms = new Alarms(ports.later);
  }

  /** Tells of new and ended pulls at once, and of places once per paint: only the newest counts. */
  tell(): void {
    const { pulls } = this.#store.value;
    for (const pull of pulls) {
      if (this.#ended.has(pull)) continue;
      if (pull.end) this.#tellEnd(pull, pull.end);
      else if (!this.#pulled.has(pull.id)) this.#tellPlace(pull);
      else if (this.#pulled.get(pull.id) !== pull.at) this.#schedule();
    }
    if (pulls.length === 0) this.#alarms.cancel("hold");
    else this.#alarms.set("hold", HOLD_MS, () => this.#hold());
    if (pulls.some((pull) => pull.end)) this.#store.dispatch({ kind: "pulls_told" });
  }

  /** Takes in what a frame says of the places that were told, and gives it the place that it follows. */
  heard(frame: FrameInfo): FrameInfo {
    this.#heardSeq = Math.max(this.#heardSeq, Math.min(frame.pull, this.#seq));
    this.#spacingMs = frame.delayMs < LONG_MS ? 0 : frame.delayMs / PLACES_PER_DELAY;
    return this.#trail.mark(frame);
  }

  close(): void {
    this.#closed = true;
    this.#alarms.cancelAll();
  }

  #schedule(): void {
    this.#ports.meter?.asked();
    if (this.#due || this.#spaced || this.#seq - this.#heardSeq >= MOST_UNHEARD) return;
    this.#due = true;
    this.#ports.beforePaint(() => {
      this.#due = false;
      if (this.#closed) return;
      for (const pull of this.#store.value.pulls) {
        if (this.#pulled.get(pull.id) !== pull.at) this.#tellPlace(pull);
      }
    });
  }

  #hold(): void {
    for (const pull of this.#store.value.pulls) this.#tellPlace(pull);
    this.tell();
  }

  #tellEnd(pull: Pull, end: PullEnd): void {
    if (this.#pulled.get(pull.id) !== pull.at) this.#tellPlace(pull);
    this.#pulled.delete(pull.id);
    this.#ended.add(pull);
    this.#beforeEnd();
    this.#send({ k: "release", id: pull.id, end });
  }

  #tellPlace({ id, at }: Pull): void {
    this.#pulled.set(id, at);
    this.#seq += 1;
    this.#ports.meter?.pulled(this.#seq);
    this.#trail.tell(this.#seq, id, at);
    this.#send({ k: "pull", id, x: at.x, y: at.y, seq: this.#seq });
    const many = this.#seq - this.#heardSeq >= MANY_UNHEARD;
    const spacingMs = Math.max(this.#spacingMs, many ? MANY_SPACING_MS : 0);
    if (spacingMs === 0) return;
    this.#spaced = true;
    this.#alarms.set("space", spacingMs, () => {
      this.#spaced = false;
      this.tell();
    });
  }
}
