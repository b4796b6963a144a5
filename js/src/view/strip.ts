/** The history as a strip of small pictures with its branches above them; a click or a key goes to an entry. */
import type { Ask } from "../core/asks";
import { clamp } from "../core/geometry";
import { type HistoryEntry, neighbourOf, wayTo } from "../core/history";
import { isActive } from "../core/intent";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { element, setAttribute, setText, uniqueId } from "./dom";
import { Rail } from "./rail";
import { Thumbnails } from "./thumbnails";

/** Height of a picture, least and most width, and the gap to the next one, in CSS pixels. */
const HEIGHT_PX = 48;
const LEAST_WIDTH_PX = 32;
const MOST_WIDTH_PX = 84;
const GAP_PX = 8;

/** The first picture begins so far from the edge: room for the ring around it. */
const EDGE_PX = 4;

/** Pictures so far beyond the edges are asked for, too. */
const AHEAD_PX = 160;

/** The strip in one view. */
export class Strip {
  readonly node: HTMLElement;
  readonly caption: HTMLElement;
  readonly #store: ViewStore;
  readonly #inner: HTMLElement;
  readonly #rail = new Rail();
  readonly #thumbnails: Thumbnails;
  readonly #options = new Map<number, HTMLElement>();
  readonly #empty = new Set<number>();
  readonly #prefix: string;
  #entries: readonly HistoryEntry[] = [];
  #position = 0;
  /** The entry that the keys have come to or the pointer is over; null for the present one. */
  #active: number | null = null;
  #widthPx = HEIGHT_PX;
  #isOpen = false;
  #generator = "";

  /**
   * @param store takes the actions
   * @param ask asks the kernel
   * @param signal ends it
   */
  constructor(store: ViewStore, ask: Ask, signal: AbortSignal) {
    this.#store = store;
    this.#prefix = `${uniqueId("entry")}-`;
    this.#inner = element(
      "div",
      { class: "dgw-strip-inner", role: "presentation" },
      this.#rail.node,
    );
    this.node = element(
      "div",
      {
        class: "dgw-strip",
        role: "listbox",
        tabindex: 0,
        "aria-label": "Earlier pictures",
        "aria-orientation": "horizontal",
      },
      this.#inner,
    );
    this.caption = element("p", { class: "dgw-strip-caption", "aria-hidden": "true" });
    this.#thumbnails = new Thumbnails(
      ask,
      () => (signal.aborted ? null : this.#wanted()),
      (id, picture) => this.#show(id, picture),
    );
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      act: (event: HTMLElementEventMap[Name]) => void,
    ) => this.node.addEventListener(name, act, { signal, passive: false });
    on("click", (event) => this.#go(this.#entryAt(event)));
    on("keydown", (event) => this.#press(event));
    on("wheel", (event) => this.#wheel(event));
    on("scroll", () => this.#thumbnails.go());
    on("pointerover", (event) => this.#activate(this.#entryAt(event)));
    on("pointerleave", () => this.#activate(null));
    on("focus", () => this.#activate(this.#active ?? this.#position));
    on("blur", () => this.#activate(null));
    const observer = new ResizeObserver(() => this.#scrollTo(this.#position, false));
    observer.observe(this.node);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  }

  /** Shows the state; does nothing while the strip is folded away. */
  update(state: State): void {
    const { traits } = state.shared;
    const wasOpen = this.#isOpen;
    this.#isOpen = state.view.historyOpen;
    if (!this.#isOpen) return;
    if (traits.generatorName !== this.#generator) this.#forget(traits.generatorName);
    const { width, height } = traits.imageSize;
    const widthPx = Math.round(clamp((HEIGHT_PX * width) / height, LEAST_WIDTH_PX, MOST_WIDTH_PX));
    const isNew = traits.history !== this.#entries || widthPx !== this.#widthPx;
    const isElsewhere = traits.historyPosition !== this.#position;
    if (isNew || isElsewhere) {
      this.#entries = traits.history;
      this.#position = traits.historyPosition;
      this.#widthPx = widthPx;
      if (isNew) this.#rebuild();
      this.#mark();
    }
    if (isNew || !wasOpen) this.#thumbnails.forgive();
    if (isNew || isElsewhere || !wasOpen) this.#scrollTo(this.#position, wasOpen);
    if (this.#empty.size > 0) this.#thumbnails.go();
  }

  /** Drops every picture: another generator counts its entries from 1, too. */
  #forget(generator: string): void {
    this.#generator = generator;
    for (const option of this.#options.values()) option.remove();
    this.#options.clear();
    this.#empty.clear();
    this.#entries = [];
    this.#thumbnails.forget();
  }

  /** Makes an option of each entry, and draws the branches. */
  #rebuild(): void {
    const present = new Set(this.#entries.map(({ id }) => id));
    for (const [id, option] of this.#options) {
      if (present.has(id)) continue;
      option.remove();
      this.#options.delete(id);
      this.#empty.delete(id);
    }
    this.#entries.forEach((entry, column) => {
      const option = this.#options.get(entry.id) ?? this.#option(entry.id);
      option.style.left = `${this.#leftOf(column)}px`;
      option.style.width = `${this.#widthPx}px`;
      const place = `${column + 1} of ${this.#entries.length}`;
      setAttribute(option, "aria-posinset", column + 1);
      setAttribute(option, "aria-setsize", this.#entries.length);
      setAttribute(option, "aria-label", `${entry.words}, ${place}`);
      setAttribute(option, "title", entry.words);
    });
    this.#inner.style.width = `${this.#leftOf(this.#entries.length) - GAP_PX + EDGE_PX}px`;
    const middles = this.#entries.map((_, column) => this.#leftOf(column) + this.#widthPx / 2);
    const railPx = this.#rail.draw(this.#entries, middles);
    this.node.style.setProperty("--dgw-rail-height", `${railPx}px`);
    this.node.style.setProperty("--dgw-thumbnail-height", `${HEIGHT_PX}px`);
  }

  #option(id: number): HTMLElement {
    const canvas = element("canvas", { width: 0, height: 0 });
    const option = element(
      "div",
      { class: "dgw-entry", role: "option", id: this.#prefix + id, "data-entry": id },
      canvas,
    );
    this.#options.set(id, option);
    this.#empty.add(id);
    this.#inner.append(option);
    return option;
  }

  /** Marks the present entry, and dims what is not on the way to it. */
  #mark(): void {
    const way = wayTo(this.#entries, this.#position);
    for (const [id, option] of this.#options) {
      setAttribute(option, "aria-selected", String(id === this.#position));
      setAttribute(option, "data-undone", !way.has(id));
    }
    this.#rail.mark(way);
    this.#say();
  }

  get #pitchPx(): number {
    return this.#widthPx + GAP_PX;
  }

  #leftOf(column: number): number {
    return EDGE_PX + column * this.#pitchPx;
  }

  /** The entry whose picture is asked for next: one in sight, while nobody waits for another picture. */
  #wanted(): number | null {
    const { shared, view } = this.#store.state;
    const busy = isActive(shared) || shared.pulls.length > 0 || view.gesture.kind !== "none";
    if (busy || !this.#isOpen || !shared.answering || !shared.frame) return null;
    const first = this.node.scrollLeft - AHEAD_PX;
    const last = this.node.scrollLeft + this.node.clientWidth + AHEAD_PX;
    const column = this.#entries.findIndex(({ id }, index) => {
      const left = this.#leftOf(index);
      const inSight = left + this.#widthPx > first && left < last;
      return inSight && this.#empty.has(id) && !this.#thumbnails.hasFailed(id);
    });
    return this.#entries[column]?.id ?? null;
  }

  #show(id: number, picture: ImageBitmap): void {
    this.#empty.delete(id);
    const canvas = this.#options.get(id)?.querySelector("canvas");
    if (canvas) {
      canvas.width = picture.width;
      canvas.height = picture.height;
      canvas.getContext("2d")?.drawImage(picture, 0, 0);
      setAttribute(canvas, "data-shown", true);
    }
    picture.close();
  }

  #scrollTo(id: number, smoothly: boolean): void {
    const column = this.#entries.findIndex((entry) => entry.id === id);
    if (column < 0) return;
    const { scrollLeft, clientWidth } = this.node;
    const left = this.#leftOf(column) - GAP_PX;
    const right = left + this.#pitchPx + GAP_PX;
    if (left >= scrollLeft && right <= scrollLeft + clientWidth) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.node.scrollTo({
      left: left < scrollLeft ? left : right - clientWidth,
      behavior: smoothly && !still ? "smooth" : "instant",
    });
  }

  #entryAt(event: Event): number | null {
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    const id = Number(option?.getAttribute("data-entry"));
    return this.#options.has(id) ? id : null;
  }

  #go(id: number | null): void {
    if (id !== null) this.#store.dispatch({ kind: "jump", entry: id });
  }

  /** Notes the entry that is meant, and says which it is. */
  #activate(id: number | null): void {
    const focused = this.node.matches(":focus");
    this.#active = id ?? (focused ? this.#active : null);
    setAttribute(
      this.node,
      "aria-activedescendant",
      focused && this.#active ? this.#prefix + this.#active : false,
    );
    for (const [key, option] of this.#options) {
      setAttribute(option, "data-active", focused && key === this.#active);
    }
    this.#say();
  }

  #say(): void {
    const id = this.#active ?? this.#position;
    const column = this.#entries.findIndex((entry) => entry.id === id);
    const words = this.#entries[column]?.words ?? "";
    const place = `${column + 1} of ${this.#entries.length}`;
    setText(this.caption, column < 0 ? "" : `${place}: ${words}`);
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const here = this.#active ?? this.#position;
    if (event.key === "Enter" || event.key === " ") {
      this.#go(here);
    } else {
      const there = neighbourOf(this.#entries, event.key, here);
      if (there === null) return;
      this.#activate(there);
      this.#scrollTo(there, false);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Lets an ordinary wheel move the strip sideways, as long as there is a way to go. */
  #wheel(event: WheelEvent): void {
    if (event.deltaX !== 0 || event.ctrlKey) return;
    const before = this.node.scrollLeft;
    this.node.scrollLeft = before + event.deltaY;
    if (this.node.scrollLeft !== before) event.preventDefault();
  }
}
