/** A magnifier that shows what a finger covers, while it presses or pulls. */
import { cssThrough, type Lens } from "../core/camera";
import { type Size, sameGrip, type Vec } from "../core/geometry";
import { LOUPE_RADIUS_PX, LOUPE_TIMES, loupeCentre } from "../core/loupe";
import { marksOf } from "../core/points";
import { assertNever, type State } from "../core/state";
import { drawBrush } from "./brush";
import { element, setAttribute } from "./dom";
import { drawMarks } from "./marks";
import { drawOver, drawScene, type Scene } from "./picture_layer";

export class Loupe {
  readonly node = element("canvas", { class: "dgw-loupe", "aria-hidden": "true" });

  /**
   * Draws what is under the finger, or hides.
   *
   * @param state read only
   * @param scene what the stage shows, null for nothing
   * @param veil lies over all of the image, null for none
   * @param lens of the stage, in CSS pixels
   * @param stage its size in CSS pixels
   */
  draw(
    state: State,
    scene: Scene | null,
    veil: OffscreenCanvas | null,
    lens: Lens,
    stage: Size,
  ): void {
    const place = regardedBy(state);
    setAttribute(this.node, "data-shown", place !== null && scene !== null);
    if (!place || !scene) return;
    const at = cssThrough(lens, place.mark);
    const centre = loupeCentre(cssThrough(lens, place.finger), stage);
    const { x, y } = { x: centre.x - LOUPE_RADIUS_PX, y: centre.y - LOUPE_RADIUS_PX };
    this.node.style.translate = `${x.toFixed(1)}px ${y.toFixed(1)}px`;
    const ratio = window.devicePixelRatio || 1;
    const across = Math.round(2 * LOUPE_RADIUS_PX * ratio);
    if (this.node.width !== across) this.node.width = this.node.height = across;
    const context = this.node.getContext("2d");
    if (!context) return;
    // The place in the middle, in device pixels.
    const scale = lens.scale * LOUPE_TIMES;
    const origin = {
      x: (LOUPE_RADIUS_PX - (at.x - lens.origin.x) * LOUPE_TIMES) * ratio,
      y: (LOUPE_RADIUS_PX - (at.y - lens.origin.y) * LOUPE_TIMES) * ratio,
    };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, across, across);
    const near = { scale: scale * ratio, origin };
    drawScene(this.node, { ...scene, lens: near });
    if (veil) drawOver(context, veil, near, scene.image);
    context.setTransform(ratio, 0, 0, ratio, origin.x, origin.y);
    drawMarks(context, state, scale);
    drawBrush(context, state, scale);
  }
}

/** What a finger is at, in image pixels: itself, and the mark that goes with it; null for no finger, and for a mouse. */
function regardedBy({ shared, view }: State): { finger: Vec; mark: Vec } | null {
  const { gesture, touch, draft, cursor } = view;
  if (!touch) return null;
  switch (gesture.kind) {
    case "press":
      return draft && { finger: gesture.from, mark: draft.handle };
    case "aim":
      return draft?.target ? { finger: draft.target, mark: draft.target } : null;
    case "move": {
      const mark = marksOf(shared.pairs, draft).find(({ grip }) =>
        sameGrip(grip, gesture.grip),
      )?.at;
      return mark ? { finger: cursor ?? mark, mark } : null;
    }
    case "pull": {
      const mark = shared.pairs.find(({ id }) => id === gesture.id)?.target;
      return mark ? { finger: cursor ?? mark, mark } : null;
    }
    case "paint":
    case "lasso":
      return cursor && { finger: cursor, mark: cursor };
    case "none":
    case "pan":
      return null;
    default:
      return assertNever(gesture);
  }
}
