/** The pictures of the last drag as a film: a slider, play and pause, and the picture to draw meanwhile. */
import type { Ask } from "../core/asks";
import type { Film } from "../core/history";
import { Newest } from "../core/newest";
import { filmIn, filmPlaceOf } from "../core/past";
import { decodePairs, type Pair } from "../core/protocol";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { bitmapOf } from "./bitmap";
import { button, element, setAttribute, setIcon, setLabel, setText } from "./dom";

/** From one picture to the next while it plays, as in the animations that are saved. */
const PLAY_MS = 1000 / 12;

/** Pictures that are kept as files, so that playing again need not ask again. */
const MOST_KEPT = 300;

interface Found {
  readonly bitmap: ImageBitmap;
  readonly pairs: readonly Pair[];
}

/** What is drawn in place of the present picture. */
interface Shown extends Found {
  readonly film: number;
  readonly index: number;
}

/** The film in one view. */
export class FilmScrubber {
  readonly node: HTMLElement;
  /** What the picture itself says while it is one of the film. */
  readonly chip: HTMLElement;
  readonly update: (state: State) => void;
  readonly #store: ViewStore;
  readonly #ask: Ask;
  readonly #redraw: () => void;
  readonly #newest: Newest<{ readonly film: Film; readonly index: number }, Found>;
  readonly #kept = new Map<number, Promise<{ file: Uint8Array; pairs: readonly Pair[] }>>();
  #keptFilm = -1;
  #asked: { readonly film: number; readonly index: number } | null = null;
  #shown: Shown | null = null;
  #playing = false;
  #ended = false;
  #timer = 0;

  /**
   * @param store takes the actions
   * @param ask asks the kernel
   * @param redraw has the picture drawn anew
   * @param signal ends it
   */
  constructor(store: ViewStore, ask: Ask, redraw: () => void, signal: AbortSignal) {
    this.#store = store;
    this.#ask = ask;
    this.#redraw = redraw;
    this.#newest = new Newest(
      ({ film, index }) => this.#find(film, index),
      ({ film, index }, found) => this.#present({ film: film.number, index, ...found }),
      (error) => this.#fail(error),
    );
    const play = button("play", "Play the last drag", { key: "Space" });
    const slider = element("input", {
      type: "range",
      class: "dgw-range dgw-film-slider",
      min: 0,
      step: 1,
      "aria-label": "Pictures of the last drag",
      title: "Pictures of the last drag",
    });
    const count = element("span", { class: "dgw-film-count", "aria-hidden": "true" });
    const keep = button("check", "Keep this picture: it becomes the present one", {
      text: "Keep",
      key: "Enter",
    });
    const back = button("close", "Back to the present picture", { key: "Esc" });
    this.node = element(
      "div",
      { class: "dgw-film", role: "group", "aria-label": "The last drag" },
      play,
      slider,
      count,
      keep,
      back,
    );
    this.chip = element("span", { class: "dgw-film-chip", "aria-hidden": "true", hidden: true });
    const on = (node: HTMLElement, name: string, act: () => void) =>
      node.addEventListener(name, act, { signal });
    const leave = () => {
      if (back.matches(":focus") || keep.matches(":focus")) slider.focus({ preventScroll: true });
    };
    on(play, "click", () => this.#toggle());
    on(slider, "input", () => {
      this.#pause();
      store.dispatch({ kind: "film", index: slider.valueAsNumber });
    });
    on(keep, "click", () => {
      this.#pause();
      store.dispatch({ kind: "take" });
      leave();
    });
    on(back, "click", () => {
      leave();
      store.dispatch({ kind: "film", index: null });
    });
    slider.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        if (event.key === " ") this.#toggle();
        else store.dispatch({ kind: "take" });
      },
      { signal },
    );
    signal.addEventListener("abort", () => this.#end(), { once: true });

    this.update = (state) => {
      const film = filmIn(state);
      const place = filmPlaceOf(state);
      this.node.hidden = film === null;
      this.#follow(state);
      if (film) {
        const index = place?.index ?? film.count - 1;
        setAttribute(slider, "max", film.count - 1);
        if (slider.valueAsNumber !== index) slider.value = String(index);
        const words = `Picture ${index + 1} of ${film.count}`;
        setAttribute(slider, "aria-valuetext", words);
        setText(count, place ? `${index + 1} / ${film.count}` : "Last drag");
        setText(this.chip, `Last drag: ${index + 1} / ${film.count}`);
      }
      setIcon(play, this.#playing ? "bars" : "play");
      setLabel(play, this.#playing ? "Pause" : "Play the last drag", "Space");
      keep.hidden = back.hidden = place === null || place.takenAt !== null;
      this.chip.hidden = place === null;
    };
  }

  /** The picture with its points that is drawn in place of the present one; null for the present one. */
  drawn(state: State): Found | null {
    return filmPlaceOf(state) ? this.#shown : null;
  }

  /** Asks for the picture that is chosen now, or ends the film. */
  #follow(state: State): void {
    const film = filmIn(state);
    const place = filmPlaceOf(state);
    if (!film || !place) {
      if (this.#playing) this.#pause();
      this.#asked = null;
      this.#newest.want(null);
      this.#present(null);
      return;
    }
    if (this.#asked?.film === place.film && this.#asked.index === place.index) return;
    this.#asked = { film: place.film, index: place.index };
    this.#newest.want({ film, index: place.index });
  }

  async #find(film: Film, index: number): Promise<Found> {
    if (this.#keptFilm !== film.number) this.#kept.clear();
    this.#keptFilm = film.number;
    const found = this.#kept.get(index) ?? this.#fetch(film, index);
    this.#kept.set(index, found);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > MOST_KEPT && !oldest.done) this.#kept.delete(oldest.value);
    try {
      const { file, pairs } = await found;
      return { bitmap: await bitmapOf(file), pairs };
    } catch (error) {
      this.#kept.delete(index);
      throw error;
    }
  }

  async #fetch(film: Film, index: number): Promise<{ file: Uint8Array; pairs: readonly Pair[] }> {
    const { result, files } = await this.#ask("film", { index });
    const [file] = files;
    const pairs = decodePairs(result.handles, result.targets, result.point_ids);
    if (!file || !pairs || result.film !== film.number) {
      throw new Error("There is another drag by now.");
    }
    return { file, pairs };
  }

  #present(shown: Shown | null): void {
    const before = this.#shown;
    const isOver = shown !== null && (this.#ended || !filmPlaceOf(this.#store.state));
    if (isOver) shown.bitmap.close();
    if (before === shown || isOver) return;
    this.#shown = shown;
    setAttribute(this.node, "data-shown", shown ? shown.index : false);
    this.#redraw();
    before?.bitmap.close();
    if (shown && this.#playing) this.#timer = window.setTimeout(() => this.#advance(), PLAY_MS);
  }

  #fail(error: unknown): void {
    this.#pause();
    this.#asked = null;
    if (!filmPlaceOf(this.#store.state)) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#store.dispatch({ kind: "film", index: null });
    this.#store.dispatch({ kind: "problem", message: `The picture was not shown: ${message}` });
  }

  #toggle(): void {
    if (this.#playing) {
      this.#pause();
      this.update(this.#store.state);
      return;
    }
    const { state } = this.#store;
    const film = filmIn(state);
    if (!film) return;
    this.#playing = true;
    const place = filmPlaceOf(state);
    const goesOn = place !== null && place.index < film.count - 1;
    this.#store.dispatch({ kind: "film", index: goesOn ? place.index + 1 : 0 });
  }

  #advance(): void {
    const { state } = this.#store;
    const film = filmIn(state);
    const place = filmPlaceOf(state);
    if (!this.#playing || !film || !place) return;
    if (place.index < film.count - 1) {
      this.#store.dispatch({ kind: "film", index: place.index + 1 });
      return;
    }
    this.#pause();
    this.update(state);
  }

  #pause(): void {
    this.#playing = false;
    window.clearTimeout(this.#timer);
  }

  #end(): void {
    this.#ended = true;
    this.#pause();
    this.#newest.want(null);
    this.#shown?.bitmap.close();
    this.#shown = null;
  }
}
