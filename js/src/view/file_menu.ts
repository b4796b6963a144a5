/** The menu for files: save, copy, open; and a line that tells of work on them. */
import type { Ask } from "../core/asks";
import { FILE_KINDS, type FileKind, moviesOf, OPEN_ENDINGS, obstacleOf } from "../core/files";
import { clamp } from "../core/geometry";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { button, element, icon, isTyping, onPress, setAttribute, setEnabled, setText } from "./dom";
import { acceptDrops } from "./drops";
import { Files } from "./files";
import type { IconName } from "./icons";
import { buildJob } from "./job";
import { buildSeeking } from "./seeking";

/** Between the menu and the edge of a narrow card. */
const MENU_MARGIN_PX = 8;

const KIND_ICONS: Readonly<Record<FileKind["format"], IconName>> = {
  png: "picture",
  gif: "film",
  mp4: "video",
  session: "session",
};

export interface FileMenu {
  /** Opens the menu; stands in a bar of tools. */
  readonly button: HTMLElement;
  /** Belongs into the card, beside the bars. */
  readonly menu: HTMLElement;
  /** Tells of work on files; lies over the picture. */
  readonly job: HTMLElement;
  /** Shows how a photo is looked for; lies over the picture. */
  readonly seeking: HTMLElement;
  /** Listens for files that are dropped and for keys, in the whole widget. */
  readonly listen: (root: HTMLElement, stage: HTMLElement, canvas: HTMLElement) => void;
  readonly update: (state: State) => void;
}

/**
 * Builds the menu.
 *
 * @param store takes problems
 * @param ask asks the kernel
 * @param signal ends the listeners
 */
export function buildFileMenu(store: ViewStore, ask: Ask, signal: AbortSignal): FileMenu {
  const job = buildJob(signal);
  const seeking = buildSeeking(store, signal);
  const files = new Files(store, ask, job.told, seeking);
  const opener = button("save", "Save, copy or open", { key: "D" });
  setAttribute(opener, "aria-haspopup", "menu");
  const menu = element("div", {
    class: "dgw-menu",
    role: "menu",
    "aria-label": "Save, copy or open",
    hidden: true,
  });
  const picker = element("input", { type: "file", accept: OPEN_ENDINGS, hidden: true });
  let points = false;

  const show = (open: boolean, focus = true): void => {
    if (menu.hidden !== open) return;
    menu.hidden = !open;
    setAttribute(opener, "aria-expanded", String(open));
    if (!open) {
      if (focus) opener.focus({ preventScroll: true });
      return;
    }
    placeBelow(menu, opener);
    itemsOf(menu)[0]?.focus({ preventScroll: true });
    void ask("file_formats").then(
      ({ result }) => tellObstacles(rows, moviesOf(result)),
      () => undefined, // what the kernel cannot say now it says when it is asked for a file
    );
  };
  const item = (name: IconName, label: string, hint: string, act: () => void): HTMLElement => {
    const row = menuItem(name, label, hint);
    const choose = (): void => {
      show(false);
      act();
    };
    onPress(row, choose, signal);
    return row;
  };

  const rows = FILE_KINDS.map((kind) => ({
    kind,
    row: item(KIND_ICONS[kind.format], kind.label, kind.hint, () => void files.save(kind, points)),
  }));
  const marks = menuItem("points", "With points", "drawn into pictures");
  setAttribute(marks, "role", "menuitemcheckbox");
  setAttribute(marks, "aria-checked", "false");
  marks.addEventListener(
    "click",
    () => {
      points = !points;
      setAttribute(marks, "aria-checked", String(points));
    },
    { signal },
  );
  const copy = item("copy", "Copy picture", "Ctrl+C", () => void files.copy(points));
  const open = item("open", "Open a file", "photo, saved PNG or session", () => picker.click());
  const line = () => element("div", { class: "dgw-menu-line", role: "separator" });
  menu.append(...rows.map(({ row }) => row), line(), marks, line(), copy, open, picker);

  opener.addEventListener("click", () => show(menu.hidden !== false), { signal });
  picker.addEventListener(
    "change",
    () => {
      const file = picker.files?.[0];
      picker.value = ""; // the same file may be chosen again
      if (file) void files.open(file);
    },
    { signal },
  );
  menu.addEventListener("keydown", (event) => pressInMenu(event, menu, () => show(false)), {
    signal,
  });
  document.addEventListener(
    "pointerdown",
    (event) => {
      const path = event.composedPath();
      if (!path.includes(menu) && !path.includes(opener)) show(false, false);
    },
    { signal, capture: true },
  );

  const listen = (root: HTMLElement, stage: HTMLElement, canvas: HTMLElement): void => {
    seeking.listen(root, canvas);
    acceptDrops(root, stage, (file) => void files.open(file), signal);
    root.addEventListener(
      "keydown",
      (event) => {
        if (event.defaultPrevented || event.altKey || isTyping(event)) return;
        const key = event.key.toLowerCase();
        const held = event.ctrlKey || event.metaKey;
        if (key === "d" && !held) show(true);
        else if (key === "c" && held && !isTextChosen()) void files.copy(points);
        else return;
        event.preventDefault();
      },
      { signal },
    );
  };
  const update = ({ shared }: State): void => {
    const shown = shared.frame !== null;
    for (const each of [...rows.map(({ row }) => row), copy, open]) {
      if (!each.hasAttribute("data-obstacle")) setEnabled(each, shown);
    }
  };
  return { button: opener, menu, job: job.node, seeking: seeking.node, listen, update };
}

function menuItem(name: IconName, label: string, hint: string): HTMLButtonElement {
  return element(
    "button",
    { type: "button", class: "dgw-menu-item", role: "menuitem", tabindex: -1 },
    icon(name),
    element("span", { class: "dgw-menu-label" }, label),
    element("span", { class: "dgw-menu-hint" }, hint),
  );
}

/** Says of each file why it cannot be had, where it cannot. */
function tellObstacles(
  rows: readonly { readonly kind: FileKind; readonly row: HTMLElement }[],
  movies: ReturnType<typeof moviesOf>,
): void {
  for (const { kind, row } of rows) {
    const obstacle = obstacleOf(kind, movies);
    setAttribute(row, "data-obstacle", obstacle !== null);
    setEnabled(row, obstacle === null);
    const hint = row.querySelector(".dgw-menu-hint");
    if (hint) setText(hint, obstacle ?? kind.hint);
  }
}

/** Places the menu below its button, its end at the button's end. */
function placeBelow(menu: HTMLElement, opener: HTMLElement): void {
  const card = menu.parentElement;
  if (!card) return;
  const around = card.getBoundingClientRect();
  const at = opener.getBoundingClientRect();
  menu.style.top = `${at.bottom - around.top + 4}px`;
  const most = around.width - menu.offsetWidth - MENU_MARGIN_PX;
  menu.style.right = `${clamp(around.right - at.right, MENU_MARGIN_PX, most)}px`;
}

function itemsOf(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>("[role^='menuitem']")];
}

/** Arrows go through the items, Escape and Tab leave; no key goes on to the widget. */
function pressInMenu(event: KeyboardEvent, menu: HTMLElement, close: () => void): void {
  event.stopPropagation();
  const items = itemsOf(menu);
  const at = items.findIndex((each) => each.matches(":focus"));
  const last = items.length - 1;
  const next: Readonly<Record<string, number>> = {
    ArrowDown: at === last ? 0 : at + 1,
    ArrowUp: at <= 0 ? last : at - 1,
    Home: 0,
    End: last,
  };
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (event.key in next) items[next[event.key] ?? 0]?.focus({ preventScroll: true });
  else return;
  event.preventDefault();
}

function isTextChosen(): boolean {
  return (window.getSelection()?.toString() ?? "") !== "";
}
