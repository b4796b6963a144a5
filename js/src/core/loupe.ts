/** Where the magnifier stands that shows what a finger covers. */
import { clamp, type Size, type Vec } from "./geometry";

/** It shows things this much larger than the stage does. */
export const LOUPE_TIMES = 2.5;

export const LOUPE_RADIUS_PX = 56;

/** From the middle of the fingertip to the rim: no finger is broader. */
const CLEAR_PX = 40;

/** It keeps so far off the edges of the stage. */
const MARGIN_PX = 6;

/**
 * The centre of the magnifier: above the finger, and where there is no room swung aside around it, or below it at last.
 *
 * @param finger in CSS pixels of the stage
 * @param stage its size in CSS pixels
 */
export function loupeCentre(finger: Vec, stage: Size): Vec {
  const room = LOUPE_RADIUS_PX + MARGIN_PX;
  const away = LOUPE_RADIUS_PX + CLEAR_PX;
  const within = (x: number) => clamp(x, room, Math.max(room, stage.width - room));
  const above = finger.y - away;
  if (above >= room) return { x: within(finger.x), y: above };
  // At the height that is left, so far aside that it stays as far from the finger.
  const rise = clamp(finger.y - room, -away, away);
  const aside = Math.sqrt(away * away - rise * rise);
  const side = finger.x < stage.width / 2 ? 1 : -1;
  const x = finger.x + side * aside;
  if (x === within(x)) return { x, y: room };
  return { x: within(finger.x), y: finger.y + away };
}
