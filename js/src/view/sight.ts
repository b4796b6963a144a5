/** All by which a person looks at the picture: camera, comparison, magnifier, caption; lays it over the stage. */
import type { Ask } from "../core/asks";
import { sightInWords } from "../core/sight";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { Before } from "./before";
import { buildCaption } from "./caption";
import { buildCompare } from "./compare";
import { setAttribute } from "./dom";
import type { FrameStream } from "./frame";
import { Loupe } from "./loupe";
import { Preview } from "./preview";
import { listenToSightKeys } from "./sight_keys";
import { buildViewbar } from "./viewbar";
import { listenToZoom } from "./zoom";

/** What is seen is read out once it has stayed for so long. */
const SPEAK_MS = 500;

export interface Sight {
  readonly loupe: Loupe;
  readonly preview: Preview;
  readonly before: Before;
  readonly update: (root: HTMLElement, state: State) => void;
  /** Listens to the keys of the whole widget. */
  readonly listen: (root: HTMLElement) => void;
}

/**
 * Builds it.
 *
 * @param stage holds the picture
 * @param canvas the picture that takes pointers and keys
 * @param store the state of the view
 * @param frames pictures of the widget
 * @param ask asks the kernel
 * @param say reads words out, in the one place from which the widget speaks
 * @param redraw called when something is to be drawn that no change of the state tells of
 * @param signal ends it
 */
export function buildSight(
  stage: HTMLElement,
  canvas: HTMLCanvasElement,
  store: ViewStore,
  frames: FrameStream,
  ask: Ask,
  say: (words: string) => void,
  redraw: () => void,
  signal: AbortSignal,
): Sight {
  const loupe = new Loupe();
  const preview = new Preview(redraw);
  const before = new Before(frames, ask, redraw);
  const compare = buildCompare(store, canvas, signal);
  const viewbar = buildViewbar(store, signal);
  const caption = buildCaption(stage, store, signal);
  // Before the picture for the keyboard, which goes on from the picture to what starts it.
  stage.prepend(viewbar.node);
  canvas.after(compare.node, loupe.node, caption.node);
  listenToZoom(stage, store, signal);
  signal.addEventListener(
    "abort",
    () => {
      window.clearTimeout(timer);
      preview.close();
      before.close();
    },
    { once: true },
  );
  let said = sightInWords(store.state.view);
  let timer = 0;
  const speak = (words: string): void => {
    if (words === said) return;
    said = words;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => say(words), SPEAK_MS);
  };
  const update = (root: HTMLElement, state: State): void => {
    const { zoom, centre } = state.view.camera;
    setAttribute(root, "data-camera", [zoom, centre.x, centre.y].map((n) => n.toFixed(4)).join());
    preview.update(state.shared);
    before.update(state);
    compare.update(state, before.picture !== null);
    viewbar.update(state);
    caption.update(state);
    speak(sightInWords(state.view));
  };
  const listen = (root: HTMLElement) => listenToSightKeys(root, canvas, store, signal);
  return { loupe, preview, before, update, listen };
}
