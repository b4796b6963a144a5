/** Small builders of elements and icons, and what is asked of their events. */

type Attributes = Readonly<Record<string, string | number | boolean>>;

const SVG = "http://www.w3.org/2000/svg";

/** CSS pixels of a unit, of a line and of a page, in which wheels count. */
const WHEEL_UNITS_PX = [1, 16, 400];

/** Outlines on a 24 x 24 grid; those in `SOLID` are filled. */
const ICONS = {
  play: ["M8 5.2v13.6l11-6.8z"],
  stop: [
    "M8 6.5h8A1.5 1.5 0 0 1 17.5 8v8a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 16V8A1.5 1.5 0 0 1 8 6.5z",
  ],
  step: ["M6 5.5v13l9-6.5z", "M18.5 6v12"],
  undo: ["M8.5 5.5 4 10l4.5 4.5", "M4.5 10h9.8a4.6 4.6 0 0 1 0 9.2H10"],
  redo: ["M15.5 5.5 20 10l-4.5 4.5", "M19.5 10H9.7a4.6 4.6 0 0 0 0 9.2H14"],
  reset: ["M4.5 4.8v4.7h4.7", "M5 9.5a7.6 7.6 0 1 1-.4 4"],
  history: ["M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z", "M12 7.6V12l3.2 2"],
  dice: [
    "M7.5 4h9A3.5 3.5 0 0 1 20 7.5v9a3.5 3.5 0 0 1-3.5 3.5h-9A3.5 3.5 0 0 1 4 16.5v-9A3.5 3.5 0 0 1 7.5 4z",
    "M8.4 8.4h.01M15.6 8.4h.01M12 12h.01M8.4 15.6h.01M15.6 15.6h.01",
  ],
  points: [
    "M6.5 20a2.6 2.6 0 1 0-.01-5.2A2.6 2.6 0 0 0 6.5 20z",
    "M8.5 15.4 13.6 10",
    "M17 10.5a3.6 3.6 0 1 0-.01-7.2 3.6 3.6 0 0 0 .01 7.2z",
  ],
  brush: [
    "M20 4l-8.6 8.4",
    "M9.6 12.3c-2.3-.5-4.2.9-4.4 3.2-.1 1.7-.9 2.8-2.1 3.5 3.3 1.1 8.1.4 8.5-3.3.1-1.6-.7-3-2-3.4z",
  ],
  eraser: [
    "M4.6 14.9 13 6.5a1.6 1.6 0 0 1 2.3 0l3.8 3.8a1.6 1.6 0 0 1 0 2.3L12.4 19.4H8.6l-4-4.1z",
    "M9.2 10.4l6 6",
    "M12.4 19.4h7",
  ],
  invert: ["M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z", "M12 4.5v15M12 8h5.6M12 12h7.4M12 16h5.6"],
  trash: ["M5 7h14", "M10 6.8V4.5h4v2.3", "M7 7l.9 12.5h8.2L17 7"],
  bolt: ["M13.2 3.5 5.8 13.4H11l-1 7.1 7.8-10.2h-5.4z"],
  help: ["M9 9.3a3.1 3.1 0 1 1 4.5 2.7c-1 .5-1.5 1.1-1.5 2.3", "M12 17.8h.01"],
  save: ["M12 4v11", "M7.5 10.8 12 15.3l4.5-4.5", "M5 19.6h14"],
  grid: [
    "M5.5 4.5h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1z",
    "M14.5 4.5h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1z",
    "M5.5 13.5h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1z",
    "M14.5 13.5h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1z",
  ],
  gear: [
    "M4 7.5h8.2M17.4 7.5H20M14.8 10a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
    "M4 16.5h2.6M11.8 16.5H20M9.2 19a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  ],
  shuffle: [
    "M4 7.5h3.2c1.6 0 2.7.9 3.6 2.3l2.4 4.4c.9 1.4 2 2.3 3.6 2.3H20",
    "M4 16.5h3.2c1.1 0 2-.4 2.7-1.2M13.9 8.7c.8-.8 1.7-1.2 2.9-1.2H20",
    "M17.4 4.9 20 7.5l-2.6 2.6M17.4 13.9l2.6 2.6-2.6 2.6",
  ],
  more: ["M12 5.5v13M5.5 12h13"],
  picture: [
    "M6 4.5h12A1.5 1.5 0 0 1 19.5 6v12a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 18V6A1.5 1.5 0 0 1 6 4.5z",
    "M4.8 16.2l4-4.2 3.4 3.4 2.3-2.2 4.8 4.6",
    "M15 9h.01",
  ],
  film: [
    "M6 4.5h12A1.5 1.5 0 0 1 19.5 6v12a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 18V6A1.5 1.5 0 0 1 6 4.5z",
    "M8.6 4.6v14.8M15.4 4.6v14.8M4.6 9.5h4M4.6 14.5h4M15.4 9.5h4M15.4 14.5h4",
  ],
  video: [
    "M5 7h8.5A1.5 1.5 0 0 1 15 8.5v7a1.5 1.5 0 0 1-1.5 1.5H5a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 5 7z",
    "M15.2 11.4l5.3-2.9v7l-5.3-2.9",
  ],
  session: [
    "M7 4h6.8L18.5 8.7V18.5A1.5 1.5 0 0 1 17 20H7a1.5 1.5 0 0 1-1.5-1.5v-13A1.5 1.5 0 0 1 7 4z",
    "M13.5 4.2V9h4.8",
    "M9 13h6M9 16.2h6",
  ],
  open: [
    "M12 15.5v-11",
    "M7.5 8.7 12 4.2l4.5 4.5",
    "M5 14.5v3.8A1.5 1.5 0 0 0 6.5 19.8h11a1.5 1.5 0 0 0 1.5-1.5v-3.8",
  ],
  close: ["M6.5 6.5l11 11M17.5 6.5l-11 11"],
  copy: [
    "M10.5 8.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z",
    "M15.5 8.5v-2a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2",
  ],
  check: ["M5.5 12.8l4.3 4.3 8.7-9.6"],
  warning: ["M12 4.6 20.6 19H3.4z", "M12 10.4v3.4M12 16.4h.01"],
  bars: ["M9 6.5v11M15 6.5v11"],
  ring: ["M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12z"],
  spinner: ["M12 4.5a7.5 7.5 0 1 1-7.5 7.5"],
  hourglass: [
    "M7.5 4.5h9M7.5 19.5h9",
    "M8.5 4.5c0 4 3.5 5 3.5 7.5s-3.5 3.5-3.5 7.5M15.5 4.5c0 4-3.5 5-3.5 7.5s3.5 3.5 3.5 7.5",
  ],
  gauge: ["M4.6 17a8.4 8.4 0 1 1 14.8 0", "M12 14.5l3.6-5"],
  expand: ["M13.8 4.8h5.4v5.4M19.2 4.8l-6.4 6.4", "M10.2 19.2H4.8v-5.4M4.8 19.2l6.4-6.4"],
  shrink: ["M18.6 10.6h-5.2V5.4M13.4 10.6l6-6", "M5.4 13.4h5.2v5.2M10.6 13.4l-6 6"],
  lasso: [
    "M9.2 15.9C6 15.2 4 13.2 4 10.8 4 7.3 7.6 4.6 12 4.6s8 2.7 8 6.2-3.6 6.2-8 6.2c-.5 0-1 0-1.4-.1",
    "M8.6 18a2 2 0 1 0-.01-4 2 2 0 0 0 .01 4z",
    "M8 17.9c.2 1.3-.5 2.1-1.6 2.5",
  ],
  keep: [
    "M7.5 11V8.4a4.5 4.5 0 0 1 9 0V11",
    "M6.8 11h10.4a1.5 1.5 0 0 1 1.5 1.5v5.5a1.5 1.5 0 0 1-1.5 1.5H6.8a1.5 1.5 0 0 1-1.5-1.5v-5.5A1.5 1.5 0 0 1 6.8 11z",
  ],
  eye: [
    "M3 12c2.2-4 5.3-6 9-6s6.8 2 9 6c-2.2 4-5.3 6-9 6s-6.8-2-9-6z",
    "M12 14.7a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4z",
  ],
  split: [
    "M6.5 5h11A1.5 1.5 0 0 1 19 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 17.5v-11A1.5 1.5 0 0 1 6.5 5z",
    "M12 3v18",
    "M7.8 12h.01M7.8 8.5h.01M7.8 15.5h.01",
  ],
  sides: ["M9 7.5 4.5 12 9 16.5", "M15 7.5 19.5 12 15 16.5"],
  fit: ["M4.5 9V4.5H9", "M15 4.5h4.5V9", "M19.5 15v4.5H15", "M9 19.5H4.5V15"],
  minus: ["M6 12h12"],
  plus: ["M6 12h12M12 6v12"],
  unplugged: ["M12 19.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15z", "M6.8 17.2 17.2 6.8"],
} as const satisfies Record<string, readonly string[]>;

export type IconName = keyof typeof ICONS;

const SOLID: ReadonlySet<IconName> = new Set(["play", "stop", "step", "bolt"]);

/** An element with attributes and children; true sets an empty attribute, false none. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children);
  return node;
}

/** An element of a drawing, with attributes and children. */
export function shape<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Node[]
): SVGElementTagNameMap[Tag] {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children);
  return node;
}

/** Sets an attribute where it differs; false removes it. */
export function setAttribute(node: Element, name: string, value: string | number | boolean): void {
  if (value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/** Sets the text of an element where it differs. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** An icon in the colour of the text, hidden from those who listen. */
export function icon(name: IconName): SVGSVGElement {
  const outlines = ICONS[name].map((outline) => shape("path", { d: outline }));
  const svg = shape(
    "svg",
    {
      viewBox: "0 0 24 24",
      "aria-hidden": "true",
      class: SOLID.has(name) ? "dgw-icon dgw-icon-solid" : "dgw-icon",
    },
    ...outlines,
  );
  svg.dataset.icon = name;
  return svg;
}

/** Puts another icon in the place of the one inside an element. */
export function setIcon(node: Element, name: IconName): void {
  const before = node.querySelector("svg");
  if (before?.dataset.icon === name) return;
  const next = icon(name);
  if (before) before.replaceWith(next);
  else node.prepend(next);
}

/** A button with an icon, perhaps a word, and a tooltip that names its key. */
export function button(
  name: IconName,
  label: string,
  options: { readonly text?: string; readonly key?: string; readonly className?: string } = {},
): HTMLButtonElement {
  const { text, key, className = "" } = options;
  const node = element(
    "button",
    { type: "button", class: `dgw-button ${className}`.trim() },
    icon(name),
  );
  if (text !== undefined) node.append(element("span", { class: "dgw-button-text" }, text));
  setLabel(node, label, key);
  return node;
}

/** Names a button for the eye, the ear and the keyboard. */
export function setLabel(node: Element, label: string, key?: string): void {
  setAttribute(node, "aria-label", label);
  setAttribute(node, "title", key === undefined ? label : `${label} (${key})`);
}

/** Greys a button out without taking the focus from it. */
export function setEnabled(node: Element, enabled: boolean): void {
  setAttribute(node, "aria-disabled", enabled ? false : "true");
}

/** Acts on clicks of a button, unless it is greyed out. */
export function onPress(node: HTMLElement, act: () => void, signal: AbortSignal): void {
  const press = (): void => {
    if (node.getAttribute("aria-disabled") !== "true") act();
  };
  node.addEventListener("click", press, { signal });
}

/** True for what keeps the keys it needs: fields, sliders and menus of the browser. */
export function isField(target: EventTarget | undefined): boolean {
  return target instanceof Element && target.matches("input, select, textarea");
}

/** True for a press of a key that goes on to what is typed. */
export function isTyping(event: KeyboardEvent): boolean {
  return event.isComposing || isField(event.composedPath()[0]);
}

/** CSS pixels by which a wheel was turned downwards; some count in lines or in pages. */
export function turnedPx({ deltaY, deltaMode }: WheelEvent): number {
  return deltaY * (WHEEL_UNITS_PX[deltaMode] ?? 1);
}

/** Elements of several views need different names, and so do those of widgets that have a module of their own each. */
const own = Math.random().toString(36).slice(2, 8);
let count = 0;

/** A name that no other element of the page has. */
export function uniqueId(name: string): string {
  count += 1;
  return `dgw-${name}-${own}-${count}`;
}
