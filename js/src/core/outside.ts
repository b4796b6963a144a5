/** What is said of the picture outside the mask, once a drag has come to rest. */
import type { Shared } from "./types";

/** A smaller change, of 255, cannot be seen and is not counted out. */
const LEAST_TOLD = 0.05;

/** The sentence; empty where there is nothing to say. */
export function outsideInWords({ mask, traits }: Shared): string {
  if (!mask) return "";
  const { changeOutside, blendOutside } = traits;
  if (changeOutside === null) {
    return blendOutside ? "At rest, all outside the mask is shown as it was" : "";
  }
  const amount =
    changeOutside < LEAST_TOLD ? "less than 0.1 of 255" : `${changeOutside.toFixed(1)} of 255`;
  return blendOutside
    ? `Outside the mask it is shown as it was; the drag had changed that by ${amount}`
    : `Outside the mask it changed by ${amount}`;
}
