/** The line about the picture outside the mask: by how much a drag has changed it, and the switch that puts it back. */
import { outsideInWords } from "../core/outside";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { button, element, setAttribute, setText } from "./dom";

const LABEL =
  "Keep the rest: once the picture rests, all outside the mask is shown, saved and copied as it was before, with a soft seam";

export interface Outside {
  readonly node: HTMLElement;
  readonly update: (state: State) => void;
}

/**
 * Builds the line; it is there only when there is something to say.
 *
 * @param store takes the action
 * @param signal ends the listener
 */
export function buildOutside(store: ViewStore, signal: AbortSignal): Outside {
  const text = element("span", { class: "dgw-outside-text" });
  const keep = button("keep", LABEL, { text: "Keep the rest", className: "dgw-chip" });
  const node = element("div", { class: "dgw-outside", hidden: true }, text, keep);
  keep.addEventListener(
    "click",
    () => {
      const { blendOutside } = store.state.shared.traits;
      store.dispatch({ kind: "blend_outside", on: !blendOutside });
    },
    { signal },
  );
  const update = ({ shared }: State): void => {
    const words = outsideInWords(shared);
    node.hidden = words === "";
    setText(text, words);
    setAttribute(keep, "aria-pressed", String(shared.traits.blendOutside));
  };
  return { node, update };
}
