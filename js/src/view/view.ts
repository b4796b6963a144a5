/** One view of the widget in one element of the page: builds it, keeps it current, and takes it away. */
import type { Ask } from "../core/asks";
import { cursorOf } from "../core/caption";
import type { Meter } from "../core/meter";
import { MAX_SEED } from "../core/protocol";
import type { State } from "../core/state";
import { type SharedStore, ViewStore } from "../core/store";
import { metricsOf } from "../core/words";
import { listenToBrush } from "./brush";
import { element, setAttribute } from "./dom";
import { Drawing } from "./draw";
import { buildFileMenu } from "./file_menu";
import { beforePaint, type FrameStream } from "./frame";
import { buildFullscreen } from "./fullscreen";
import { buildGallery } from "./gallery";
import { listenToPointers } from "./gestures";
import { listenToKeys } from "./keys";
import { buildMeter } from "./meter";
import { buildOutside } from "./outside";
import { buildPanel } from "./panel";
import { buildPast } from "./past";
import { buildSettings } from "./settings";
import { buildSight } from "./sight";
import { watchTheme } from "./theme";
import { buildToolbar } from "./toolbar";

/** A small picture is shown this large, a large one no larger than the second, in CSS pixels. */
const SHOWN_SMALL_PX = 512;
const SHOWN_LARGE_PX = 640;

/** New seeds by chance stay short enough to remember. */
const CHANCE_SEEDS = Math.min(100000, MAX_SEED);

const INSTRUCTIONS =
  "Press N for a point, arrow keys to move it, Enter to go on: first to its target, then to set the pair, then to run. Tab goes to the next point, Delete removes it, question mark lists all keys.";

/**
 * Mounts a view.
 *
 * @param parent gets the view as a child
 * @param shared state of the widget
 * @param frames pictures of the widget
 * @param meter measures their pace
 * @param ask asks the kernel
 * @param onVisible told whether the view can be seen
 * @returns what takes it away again
 */
export function mountView(
  parent: HTMLElement,
  shared: SharedStore,
  frames: FrameStream,
  meter: Meter,
  ask: Ask,
  onVisible: (visible: boolean) => void,
): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  const store = new ViewStore(shared);
  const sample = () =>
    store.dispatch({ kind: "sample", seed: Math.floor(Math.random() * CHANCE_SEEDS) });

  const picture = element("canvas", { class: "dgw-picture", "aria-hidden": "true" });
  const canvas = element("canvas", {
    class: "dgw-canvas",
    tabindex: 0,
    role: "application",
    "aria-label": "Picture to drag",
    "aria-description": INSTRUCTIONS,
  });
  const files = buildFileMenu(store, ask, signal);
  const toolbar = buildToolbar(store, sample, files.button, signal);
  const panel = buildPanel(store, canvas, signal);
  const outside = buildOutside(store, signal);
  const pace = buildMeter(meter, store, signal);
  panel.status.append(pace.toggle);
  const drawers = [buildGallery(store, ask, signal), buildSettings(store, signal)] as const;
  toolbar.sampling.prepend(drawers[0].button);
  toolbar.more.prepend(drawers[1].button);
  const past = buildPast(store, ask, canvas, () => draw(), signal);
  const stage = element(
    "div",
    { class: "dgw-stage" },
    picture,
    canvas,
    past.chip,
    panel.placeholder,
    files.seeking,
    files.job,
    panel.help,
  );
  const card = element(
    "div",
    { class: "dgw-card" },
    toolbar.top,
    element("div", { class: "dgw-room" }, stage),
    panel.progress,
    panel.status,
    outside.node,
    pace.node,
    panel.banner,
    toolbar.bottom,
    ...drawers.map(({ node }) => node),
    past.node,
    files.menu,
  );
  const root = element(
    "div",
    {
      class: "dgw",
      role: "group",
      "aria-label": "DragGAN",
      // JupyterLab looks for this before it takes a key for itself.
      "data-lm-suppress-shortcuts": "true",
    },
    card,
  );
  parent.append(root);
  toolbar.help.before(buildFullscreen(root, store, signal));

  const sight = buildSight(stage, canvas, store, frames, ask, panel.say, () => update(), signal);
  const drawing = new Drawing(picture, canvas, sight.loupe, sight.preview);
  let due = false;
  const draw = (): void => {
    due = false;
    if (signal.aborted) return;
    const [seen, picture] = past.shown(store.state, frames.picture);
    drawing.draw(seen, picture, sight.before.picture);
  };
  const update = (): void => {
    const { state } = store;
    toolbar.update(state);
    panel.update(state);
    outside.update(state);
    pace.update(state);
    for (const drawer of drawers) drawer.update(state);
    past.update(state);
    files.update(state);
    describe(root, stage, state);
    sight.update(root, state);
    setAttribute(canvas, "data-cursor", cursorOf(state));
    if (due) return;
    due = true;
    beforePaint(() => due && draw());
  };
  signal.addEventListener("abort", store.subscribe(update), { once: true });
  signal.addEventListener("abort", frames.subscribe(draw), { once: true });
  listenToPointers(canvas, store, signal);
  listenToBrush(canvas, store, signal);
  listenToKeys(root, canvas, store, sample, signal);
  sight.listen(root);
  files.listen(root, stage, canvas);
  watchTheme(root, (theme) => setAttribute(root, "data-theme", theme), signal);
  watchSize(stage, drawing, update, signal);
  watchVisibility(root, onVisible, signal);
  update();

  return () => {
    store.dispatch({ kind: "gesture_cancel" });
    controller.abort();
    root.remove();
  };
}

/** Writes what style and tests look for on the elements. */
function describe(root: HTMLElement, stage: HTMLElement, state: State): void {
  const { shared, view } = state;
  const { width, height } = shared.traits.imageSize;
  const longest = Math.max(width, height) > SHOWN_SMALL_PX ? SHOWN_LARGE_PX : SHOWN_SMALL_PX;
  const known = width > 1 || height > 1;
  const shownWidth = known ? Math.round((width / Math.max(width, height)) * longest) : longest;
  root.style.setProperty("--dgw-stage-width", `${shownWidth}px`);
  stage.style.aspectRatio = `${width} / ${height}`;
  root.style.setProperty("--dgw-stage-ratio", String(width / height));
  const pairs = shared.pairs;
  setAttribute(root, "data-status", shared.answering ? shared.traits.status : "no_answer");
  setAttribute(root, "data-link", shared.link);
  setAttribute(root, "data-mode", view.mode);
  setAttribute(root, "data-seq", shared.frame?.seq ?? 0);
  setAttribute(root, "data-commands", shared.commands.length);
  setAttribute(root, "data-frames", shared.framesShown);
  setAttribute(root, "data-pull", shared.frame?.pull ?? 0);
  setAttribute(root, "data-step", metricsOf(shared)?.step ?? shared.traits.step);
  setAttribute(root, "data-image-size", `${width},${height}`);
  setAttribute(root, "data-handles", JSON.stringify(pairs.map(({ handle: p }) => [p.x, p.y])));
  setAttribute(root, "data-targets", JSON.stringify(pairs.map(({ target: p }) => [p.x, p.y])));
}

function watchSize(
  stage: HTMLElement,
  drawing: Drawing,
  update: () => void,
  signal: AbortSignal,
): void {
  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return;
    drawing.resize(entry.contentRect);
    update();
  });
  observer.observe(stage);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  // The ratio of device pixels changes with the zoom while the layout may stay as it is.
  window.addEventListener("resize", update, { signal });
}

function watchVisibility(
  root: HTMLElement,
  onVisible: (visible: boolean) => void,
  signal: AbortSignal,
): void {
  let inSight = true;
  const tell = () => onVisible(inSight && !document.hidden);
  const observer = new IntersectionObserver((entries) => {
    inSight = entries.at(-1)?.isIntersecting ?? inSight;
    tell();
  });
  observer.observe(root);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  document.addEventListener("visibilitychange", tell, { signal });
}
