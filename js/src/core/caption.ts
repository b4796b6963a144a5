/** What a press would do, in a few words beside the pointer and as the shape of the pointer. */
import { badgeOf } from "./intent";
import { filmPlaceOf } from "./past";
import { isLive } from "./pull";
import { isComparing } from "./sight";
import type { State } from "./types";

export interface Caption {
  readonly text: string;
  /** True where a mark is under the pointer or a key is held: then it is said at once, and else when the pointer rests. */
  readonly eager: boolean;
}

/** The caption; null where there is nothing to say, as while something is pressed, and to a finger. */
export function captionOf(state: State): Caption | null {
  const { shared, view } = state;
  if (filmPlaceOf(state)) return null;
  if (!shared.frame || view.touch || !view.cursor || view.gesture.kind !== "none") return null;
  if (isComparing(view.compare)) return null;
  if (view.modifier === "pan") return { text: "drag: the picture moves", eager: true };
  if (view.mode === "mask") {
    const erases = (view.brush.kind === "erase") !== (view.modifier === "pin");
    const act = view.brush.kind === "lasso" ? "draw around" : erases ? "erase" : "paint";
    return { text: `${act}: this ${erases ? "stays" : "may move"}`, eager: false };
  }
  if (view.hover?.kind === "remove" && badgeOf(view)) return { text: "click: remove", eager: true };
  const live = isLive(shared);
  if (view.hover) {
    const target = view.hover.grip.part === "target";
    if (view.draft) return { text: "drag: another place", eager: true };
    if (live) return { text: target ? "drag the target" : "pull on", eager: true };
    return { text: target ? "drag the target" : "drag the handle", eager: true };
  }
  if (view.draft) return { text: "click: it goes here", eager: false };
  if (view.modifier === "pin") return { text: "click: pin this place", eager: true };
  return {
    text: live ? "pull: the picture follows" : "click: hold this place",
    eager: false,
  };
}

/** What a press would do, as the shape of the pointer. */
export function cursorOf(state: State): string {
  const { shared, view } = state;
  if (!shared.frame) return "wait";
  if (filmPlaceOf(state)) return "film";
  if (view.gesture.kind === "pan") return "panning";
  if (view.modifier === "pan") return "pan";
  if (view.mode === "mask") return view.brush.kind === "lasso" ? "place" : "brush";
  if (view.gesture.kind === "move" || view.gesture.kind === "pull") return "move";
  if (view.hover?.kind === "remove" && badgeOf(view)) return "remove";
  if (view.hover) return "take";
  if (view.modifier === "pin" && !view.draft) return "pin";
  return view.draft ? "aim" : "place";
}
