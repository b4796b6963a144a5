/** What opens below the picture: one drawer at a time, by a button or a key; the focus goes in and comes back. */
import type { DrawerName, State } from "../core/state";
import type { ViewStore } from "../core/store";
import { button, element, setAttribute, uniqueId } from "./dom";
import type { IconName } from "./icons";

export interface DrawerOptions {
  readonly name: DrawerName;
  readonly title: string;
  /** The icon, words and key of the button that opens it. */
  readonly icon: IconName;
  readonly label: string;
  readonly key: string;
  /** Buttons beside the title. */
  readonly tools: readonly HTMLElement[];
  readonly body: readonly HTMLElement[];
  /** Where the focus goes when it is opened; null for the button that closes it. */
  readonly entry: () => HTMLElement | null;
}

export interface Drawer {
  /** Opens and closes it; to be put into a bar. */
  readonly button: HTMLButtonElement;
  readonly node: HTMLElement;
  readonly update: (state: State) => void;
}

/**
 * Builds a drawer.
 *
 * @param options what it is
 * @param store takes the actions
 * @param signal ends the listeners
 */
export function buildDrawer(options: DrawerOptions, store: ViewStore, signal: AbortSignal): Drawer {
  const { name, title, key, entry } = options;
  const id = uniqueId(name);
  const toggle = button(options.icon, options.label, { key });
  const close = button("close", `Close: ${title}`, { key: "Esc" });
  const heading = element("strong", { class: "dgw-drawer-title" }, title);
  const head = element("div", { class: "dgw-drawer-head" }, heading, ...options.tools, close);
  const node = element(
    "section",
    { class: "dgw-drawer", id, "aria-label": title, "data-drawer": name, hidden: true },
    head,
    ...options.body,
  );
  setAttribute(toggle, "aria-controls", id);
  let opener: HTMLElement = toggle;

  const shut = () => store.dispatch({ kind: "drawer", drawer: null });
  close.addEventListener("click", shut, { signal });
  toggle.addEventListener(
    "click",
    () =>
      store.dispatch({ kind: "drawer", drawer: store.state.view.drawer === name ? null : name }),
    { signal },
  );
  node.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.stopPropagation();
      shut();
    },
    { signal },
  );

  const update = ({ view }: State): void => {
    const open = view.drawer === name;
    setAttribute(toggle, "aria-expanded", String(open));
    if (node.hidden !== open) return;
    if (open) {
      opener = focusedBeside(node) ?? toggle;
      node.hidden = false;
      (entry() ?? close).focus({ preventScroll: true });
      node.scrollIntoView({ block: "nearest" });
      return;
    }
    const inside = node.matches(":focus-within");
    node.hidden = true;
    if (inside) opener.focus({ preventScroll: true });
  };
  return { button: toggle, node, update };
}

/** The element of the same view that has the focus; null where none has, or one of another drawer. */
function focusedBeside(node: HTMLElement): HTMLElement | null {
  const root = node.getRootNode();
  const focused =
    root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
  if (!(focused instanceof HTMLElement) || focused.closest(".dgw-drawer")) return null;
  return node.parentElement?.contains(focused) ? focused : null;
}
