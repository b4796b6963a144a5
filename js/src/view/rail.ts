/** The branches of the history as lines above the strip: a dot for each entry, a lane for each branch. */
import { type HistoryEntry, type Place, placesOf } from "../core/history";
import { setAttribute, shape } from "./dom";

/** Height of a lane and of the room below the last one, in CSS pixels; further branches share the last lane. */
const LANE_PX = 8;
const BELOW_PX = 3;
const MOST_LANES = 4;

const DOT_PX = 3;

export class Rail {
  readonly node = shape("svg", { class: "dgw-rail", "aria-hidden": "true" });

  /**
   * Draws the branches of a history; a history without branches has no lines.
   *
   * @param entries the history
   * @param middles where the middle of each entry's picture is, in CSS pixels
   * @returns the height that it needs
   */
  draw(entries: readonly HistoryEntry[], middles: readonly number[]): number {
    const places = placesOf(entries);
    const lanes = 1 + Math.max(0, ...[...places.values()].map(laneOf));
    setAttribute(this.node, "data-lanes", lanes);
    this.node.replaceChildren();
    if (lanes === 1) {
      setAttribute(this.node, "height", 0);
      return 0;
    }
    const heightPx = lanes * LANE_PX + BELOW_PX;
    const pitchPx = (middles[1] ?? 0) - (middles[0] ?? 0);
    const at = (place: Place): At => ({
      x: middles[place.column] ?? 0,
      y: (laneOf(place) + 0.5) * LANE_PX,
    });
    for (const { id, parent } of entries) {
      const place = places.get(id);
      const from = places.get(parent);
      if (!place) continue;
      const group = shape("g", { "data-entry": id });
      if (from) group.append(shape("path", { d: line(at(from), at(place), pitchPx) }));
      group.append(shape("circle", { cx: at(place).x, cy: at(place).y, r: DOT_PX }));
      this.node.append(group);
    }
    setAttribute(this.node, "width", (middles.at(-1) ?? 0) + DOT_PX);
    setAttribute(this.node, "height", heightPx);
    return heightPx;
  }

  /** Dims what is not on the way to the present entry. */
  mark(way: ReadonlySet<number>): void {
    for (const part of this.node.children) {
      setAttribute(part, "data-undone", !way.has(Number(part.getAttribute("data-entry"))));
    }
    // What is on the way is drawn over what is not.
    this.node.append(...this.node.querySelectorAll(":scope > :not([data-undone])"));
  }
}

interface At {
  readonly x: number;
  readonly y: number;
}

function laneOf({ lane }: Place): number {
  return Math.min(lane, MOST_LANES - 1);
}

/** The line from an entry to one made from it: aside at once, then along its own lane. */
function line(from: At, to: At, pitchPx: number): string {
  if (from.y === to.y) return `M${from.x} ${from.y}H${to.x}`;
  const bend = from.x + pitchPx / 2;
  const end = Math.min(from.x + pitchPx, to.x);
  return `M${from.x} ${from.y}C${bend} ${from.y} ${bend} ${to.y} ${end} ${to.y}H${to.x}`;
}
