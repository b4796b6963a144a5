/** The menu of generators: whose pictures are dragged. */
import { generatorOf } from "../core/choices";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { element, setText, uniqueId } from "./dom";

export interface GeneratorMenu {
  /** The menu with its label. */
  readonly node: HTMLElement;
  readonly update: (state: State) => void;
}

/**
 * Builds the menu.
 *
 * @param store takes the actions
 * @param alone whether it is shown also where there is no choice
 * @param signal ends the listeners
 */
export function buildGeneratorMenu(
  store: ViewStore,
  alone: boolean,
  signal: AbortSignal,
): GeneratorMenu {
  const id = uniqueId("generator");
  const select = element("select", { class: "dgw-select", id, "aria-describedby": `${id}-about` });
  const about = element("p", { class: "dgw-meaning", id: `${id}-about` });
  const label = element("label", { class: "dgw-label", for: id }, "Generator");
  const node = element("div", { class: "dgw-setting" }, label, select, about);
  select.addEventListener(
    "change",
    () => store.dispatch({ kind: "generator", name: select.value }),
    { signal },
  );
  let shown = "";
  const update = ({ shared }: State): void => {
    const { generators, imageSize, busyText } = shared.traits;
    const present = generatorOf(shared);
    const names = generators.includes(present) ? generators : [present, ...generators];
    if (shown !== names.join("\n")) {
      shown = names.join("\n");
      select.replaceChildren(...names.map((name) => element("option", { value: name }, name)));
    }
    select.value = present;
    select.disabled = names.length < 2 || busyText !== "";
    node.hidden = names.length < 2 && !alone;
    const size = `Makes pictures of ${imageSize.width} \u00d7 ${imageSize.height} px.`;
    const kept =
      names.length < 2
        ? "Scripts add others: widget.generator = file"
        : "Each keeps its picture and history while you are away.";
    setText(about, busyText !== "" ? busyText : `${size} ${kept}`);
  };
  return { node, update };
}
