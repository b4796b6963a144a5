/** The gallery: seeds to choose from, with small pictures that come while one looks at them, and the truncation. */
import type { Ask } from "../core/asks";
import { areAnimals, generatorOf, isSampling, seedOf } from "../core/choices";
import { MOST_OFFERED, offered, PAGE, placeAfter, withMore } from "../core/gallery";
import { SeedLoader, type SmallPicture } from "../core/seed_loader";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { button, element, icon, onPress, setAttribute, setEnabled } from "./dom";
import { buildDrawer, type Drawer } from "./drawer";
import { buildGeneratorMenu } from "./generator_menu";
import { buildTruncation } from "./truncation";

/** More seeds come when no more than this part of the grid's height lies below what is seen. */
const SOON = 0.5;

/** Orders of the shuffled seeds. */
const SHUFFLES = 99990;

interface Cell {
  readonly seed: number;
  readonly node: HTMLElement;
  readonly picture: HTMLImageElement;
}

/**
 * Builds the gallery.
 *
 * @param store takes the actions
 * @param ask asks the kernel for small pictures
 * @param signal ends the listeners
 */
export function buildGallery(store: ViewStore, ask: Ask, signal: AbortSignal): Drawer {
  const grid = element("div", { class: "dgw-gallery", role: "listbox", "aria-label": "Seeds" });
  const shuffle = button("shuffle", "Other seeds, by chance", { text: "Shuffle" });
  const more = button("more", "More seeds", { text: "More" });
  const truncation = buildTruncation(store, () => want(), signal);
  const menu = buildGeneratorMenu(store, false, signal);
  const loader = new SeedLoader(ask, (seed, picture) => show(seed, picture));
  let seeds: readonly number[] = [];
  let cells: readonly Cell[] = [];
  let order = 0;
  let place = 0;
  let scrolledPx = 0;
  let wasOpen = false;

  const drawer = buildDrawer(
    {
      name: "gallery",
      title: "Gallery",
      icon: "grid",
      label: "Gallery: choose among seeds",
      key: "G",
      tools: [shuffle],
      body: [truncation.node, menu.node, grid, more],
      entry: () => enter(),
    },
    store,
    signal,
  );

  /** Puts cells on the page for the seeds that have none. */
  const fill = (next: readonly number[]): void => {
    seeds = next;
    const known = new Map(cells.map((cell) => [cell.seed, cell]));
    cells = seeds.map((seed) => known.get(seed) ?? cellOf(seed));
    // What stays is not touched, or it would lose the focus.
    cells.forEach(({ node }, index) => {
      if (grid.children[index] !== node) grid.insertBefore(node, grid.children[index] ?? null);
    });
    while (grid.children.length > cells.length) grid.lastElementChild?.remove();
    setEnabled(more, seeds.length < MOST_OFFERED);
    mark();
    want();
  };

  const offer = (): void => {
    const present = seedOf(store.state.shared);
    place = 0;
    fill(offered(PAGE, order, present));
    grid.scrollTop = 0;
    place = Math.max(seeds.indexOf(present), 0);
    mark();
  };

  /** Shows which picture is there, and which cell has the focus of the keyboard. */
  const mark = (): void => {
    const present = seedOf(store.state.shared);
    const waits = isSampling(store.state.shared);
    cells.forEach(({ seed, node }, index) => {
      setAttribute(node, "aria-selected", String(seed === present));
      setAttribute(node, "aria-busy", seed === present && waits ? "true" : false);
      setAttribute(node, "tabindex", index === place ? 0 : -1);
    });
  };

  const show = (seed: number, picture: SmallPicture): void => {
    const cell = cells.find((other) => other.seed === seed);
    if (!cell) return;
    cell.picture.src = dataUrl(picture);
    setAttribute(cell.node, "data-drawn", true);
  };

  /** Tells the loader what is seen; nothing is asked while the gallery is closed or a pointer pulls. */
  const want = (): void => {
    const { shared, view } = store.state;
    const open = view.drawer === "gallery";
    const [first, last] = open ? seenIn(grid, cells) : [0, 0];
    loader.want({
      seen: seeds.slice(first, last),
      others: [...seeds.slice(last), ...seeds.slice(0, first)],
      truncation: truncation.value(),
      generator: shared.traits.generatorName,
      active: open && shared.pulls.length === 0 && shared.answering && shared.frame !== null,
    });
  };

  const addMore = (): void => {
    const next = withMore(seeds, order);
    if (next !== seeds) fill(next);
  };

  const enter = (): HTMLElement | null => {
    loader.retry();
    const present = seedOf(store.state.shared);
    if (seeds.length === 0) offer();
    else if (!seeds.includes(present)) fill([present, ...seeds]);
    const at = seeds.indexOf(present);
    if (at >= 0) place = at;
    mark();
    grid.scrollTop = scrolledPx;
    return cells[place]?.node ?? null;
  };

  const pick = (seed: number): void => {
    store.dispatch({ kind: "sample", seed, truncationPsi: truncation.value() });
  };

  const go = (to: number): void => {
    place = to;
    mark();
    const node = cells[to]?.node;
    node?.focus({ preventScroll: true });
    node?.scrollIntoView({ block: "nearest" });
  };

  grid.addEventListener(
    "click",
    (event) => {
      const index = cells.findIndex(
        ({ node }) => event.target instanceof Node && node.contains(event.target),
      );
      const cell = cells[index];
      if (!cell) return;
      go(index);
      pick(cell.seed);
    },
    { signal },
  );
  grid.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const cell = cells[place];
      if ((event.key === "Enter" || event.key === " ") && cell) {
        if (!event.repeat) pick(cell.seed);
      } else {
        const { columns, rows } = shapeOf(grid, cells);
        const below = place + columns >= cells.length;
        if (below && (event.key === "ArrowDown" || event.key === "PageDown")) addMore();
        const to = placeAfter(place, event.key, columns, cells.length, rows);
        if (to === null) return;
        go(to);
      }
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  grid.addEventListener(
    "scroll",
    () => {
      if (!drawer.node.hidden) scrolledPx = grid.scrollTop;
      const below = grid.scrollHeight - grid.clientHeight - grid.scrollTop;
      if (below < SOON * grid.clientHeight) addMore();
      want();
    },
    { signal, passive: true },
  );
  shuffle.addEventListener(
    "click",
    () => {
      order = 1 + Math.floor(Math.random() * SHUFFLES);
      scrolledPx = 0;
      offer();
    },
    { signal },
  );
  const showMore = (): void => {
    const next = seeds.length;
    addMore();
    go(next);
  };
  onPress(more, showMore, signal);
  let generator = "";
  let answering = true;
  let seen = "";
  const update = (state: State): void => {
    const { shared, view } = state;
    // First: what is asked for when the gallery opens depends on it.
    truncation.update(state);
    drawer.update(state);
    const open = view.drawer === "gallery";
    if (open || wasOpen) menu.update(state);
    if (open && shared.answering && !answering) loader.retry();
    answering = shared.answering;
    wasOpen = open;
    // Where the cells are is measured, which is too slow for every picture of a pull.
    const now = [
      open,
      shared.pulls.length > 0,
      answering,
      shared.frame !== null,
      seedOf(shared),
      isSampling(shared),
      truncation.value(),
      generatorOf(shared),
    ].join(" ");
    if (now === seen) return;
    seen = now;
    if (generator !== generatorOf(shared)) {
      generator = generatorOf(shared);
      // The pictures are those of another generator.
      for (const { node } of cells) setAttribute(node, "data-drawn", false);
    }
    setAttribute(grid, "aria-label", areAnimals(shared) ? "Animals by seed" : "Pictures by seed");
    mark();
    want();
  };
  return { ...drawer, update };
}

function cellOf(seed: number): Cell {
  const picture = element("img", { class: "dgw-thumb", alt: "", draggable: "false" });
  const caption = element("span", { class: "dgw-thumb-seed", "aria-hidden": "true" }, String(seed));
  const node = element(
    "div",
    { class: "dgw-cell", role: "option", "aria-label": `Seed ${seed}`, tabindex: -1 },
    picture,
    caption,
    icon("check"),
  );
  node.dataset.seed = String(seed);
  return { seed, node, picture };
}

/** The first cell that is seen, and the first after those that are. */
function seenIn(grid: HTMLElement, cells: readonly Cell[]): [number, number] {
  const { columns, rowPx } = shapeOf(grid, cells);
  const first = Math.floor(grid.scrollTop / rowPx) * columns;
  const last = Math.ceil((grid.scrollTop + grid.clientHeight) / rowPx) * columns;
  return [Math.min(first, cells.length), Math.min(last, cells.length)];
}

/** How many cells are beside each other, how high a row is, and how many rows are seen. */
function shapeOf(
  grid: HTMLElement,
  cells: readonly Cell[],
): { readonly columns: number; readonly rowPx: number; readonly rows: number } {
  const top = cells[0]?.node.offsetTop ?? 0;
  const next = cells.find(({ node }) => node.offsetTop > top);
  const columns = next ? Math.max(1, cells.indexOf(next)) : Math.max(1, cells.length);
  const rowPx = next ? next.node.offsetTop - top : Math.max(1, grid.clientHeight);
  return { columns, rowPx, rows: Math.max(1, Math.floor(grid.clientHeight / rowPx)) };
}

/** A picture as an address that every host may show; some forbid others. */
function dataUrl({ mime, bytes }: SmallPicture): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:${mime};base64,${btoa(text)}`;
}
