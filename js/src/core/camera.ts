/** What part of the picture a view shows: how near, and around which place. Knows no state. */
import { add, type Box, clamp, type Size, toCss, type Vec } from "./geometry";

/**
 * How a view looks at the picture. Places are parts of the picture, and of the stage that shows it, 0 .. 1 each way
 * from the top left corner, so that neither pixels nor the size of the page matter.
 */
export interface Camera {
  /** 1 shows all of the picture, 16 a sixteenth each way. */
  readonly zoom: number;
  /** What part of the picture lies in the middle of the stage. */
  readonly centre: Vec;
}

/** Where image pixels lie on the stage: `css = (point + 0.5) * scale + origin`. */
export interface Lens {
  /** CSS pixels per image pixel. */
  readonly scale: number;
  /** Where the top left corner of the picture lies, in CSS pixels; negative when it is out of sight. */
  readonly origin: Vec;
}

export const LARGEST_ZOOM = 16;

/** From here on pixels are drawn as squares, and from the second on with a grid between them. */
export const PIXELS_ZOOM = 6;
export const GRID_ZOOM = 12;

export const MIDDLE: Vec = { x: 0.5, y: 0.5 };

/** Shows all of the picture. */
export const FIT: Camera = { zoom: 1, centre: MIDDLE };

/** Nearer to 1 than this, a zoom is meant to be 1. */
const SNAP = 1.02;

/**
 * The camera after the picture was drawn larger or smaller, and moved.
 *
 * @param camera before
 * @param factor how much larger; 1 only moves
 * @param from a part of the stage
 * @param to the part of the stage where that goes, as far as the picture goes on
 */
export function looked(camera: Camera, factor: number, from: Vec, to: Vec = from): Camera {
  const wanted = clamp(camera.zoom * (factor > 0 ? factor : 1), 1, LARGEST_ZOOM);
  const zoom = wanted < SNAP && factor <= 1 ? 1 : wanted;
  const place = pictureAt(camera, from);
  return {
    zoom,
    centre: {
      x: inside(place.x - (to.x - 0.5) / zoom, zoom),
      y: inside(place.y - (to.y - 0.5) / zoom, zoom),
    },
  };
}

/** The camera moved so that a part of the picture is in sight, so far off the edges of the stage. */
export function revealing(camera: Camera, place: Vec, margin: number): Camera {
  const at = stageAt(camera, place);
  const to = { x: clamp(at.x, margin, 1 - margin), y: clamp(at.y, margin, 1 - margin) };
  return to.x === at.x && to.y === at.y ? camera : looked(camera, 1, at, to);
}

/** What part of the picture lies at a part of the stage. */
export function pictureAt({ zoom, centre }: Camera, stage: Vec): Vec {
  return { x: centre.x + (stage.x - 0.5) / zoom, y: centre.y + (stage.y - 0.5) / zoom };
}

/** At what part of the stage a part of the picture lies; beyond 0 .. 1 it is out of sight. */
export function stageAt({ zoom, centre }: Camera, picture: Vec): Vec {
  return { x: (picture.x - centre.x) * zoom + 0.5, y: (picture.y - centre.y) * zoom + 0.5 };
}

/** What is in sight. */
export function seenBox(camera: Camera, { width, height }: Size): Box {
  const first = pictureAt(camera, { x: 0, y: 0 });
  const last = pictureAt(camera, { x: 1, y: 1 });
  return {
    left: first.x * width,
    top: first.y * height,
    right: last.x * width,
    bottom: last.y * height,
  };
}

/**
 * Where image pixels lie on a stage.
 *
 * @param camera how the picture is looked at
 * @param stage its size in CSS pixels
 * @param image its size in pixels
 */
export function lensOf(camera: Camera, stage: Size, image: Size): Lens {
  const corner = stageAt(camera, { x: 0, y: 0 });
  return {
    scale: (Math.max(stage.width, 1) / image.width) * camera.zoom,
    origin: { x: corner.x * stage.width, y: corner.y * stage.height },
  };
}

/** Image pixels to CSS pixels of the stage. */
export function cssThrough({ scale, origin }: Lens, point: Vec): Vec {
  return add(toCss(point, scale), origin);
}

/** CSS pixels of the stage to image pixels: the inverse of `cssThrough`. */
export function imageThrough({ scale, origin }: Lens, css: Vec): Vec {
  return { x: (css.x - origin.x) / scale - 0.5, y: (css.y - origin.y) / scale - 0.5 };
}

/** The nearest centre at which the stage shows nothing beside the picture. */
function inside(centre: number, zoom: number): number {
  const half = 0.5 / zoom;
  return clamp(centre, half, 1 - half);
}
