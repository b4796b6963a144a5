/**
 * The picture that some hosts keep with the traits, because they have no outputs of cells: shown until a frame comes,
 * and where no kernel is there to send one.
 */
import { decodeBytes } from "./decode";
import { distance } from "./geometry";
import type { AnyModel, Ports } from "./ports";
import type { FrameInfo, MimeType } from "./protocol";
import { decodeRev } from "./traits";
import type { Shared } from "./types";

/** Before every frame of a kernel. */
const KEPT_SEQ = 0;

/** What a PNG begins with; everything else that is kept is a JPEG. */
const PNG = [0x89, 0x50, 0x4e, 0x47];

/** The traits that it reads. */
export const KEPT_TRAITS: readonly string[] = ["kept_picture", "rest"];

export class KeptPicture {
  readonly #model: AnyModel;
  readonly #show: Ports["showFrame"];
  #rest: number;

  constructor(model: AnyModel, show: Ports["showFrame"]) {
    this.#model = model;
    this.#show = show;
    this.#rest = decodeRev(model.get("rest"));
  }

  /** Shows the picture while there is no other. */
  show(shared: Shared): void {
    const picture = decodeBytes(this.#model.get("kept_picture"));
    if (shared.frame || !picture || picture.length === 0) return;
    this.#show(frameOf(shared, mimeOf(picture)), picture);
  }

  /** The number of a new picture at rest, once: what depends on the widget is run when a page has said it; null without one. */
  news(): number | null {
    const rest = decodeRev(this.#model.get("rest"));
    if (rest <= this.#rest) return null;
    this.#rest = rest;
    return rest;
  }
}

function mimeOf(picture: Uint8Array): MimeType {
  return PNG.every((byte, index) => picture[index] === byte) ? "image/png" : "image/jpeg";
}

function frameOf({ traits, pairs }: Shared, mime: MimeType): FrameInfo {
  return {
    seq: KEPT_SEQ,
    step: traits.step,
    size: traits.imageSize,
    mime,
    final: true,
    pointIds: pairs.map((pair) => pair.id),
    handles: pairs.map((pair) => pair.handle),
    targets: pairs.map((pair) => pair.target),
    distancesPx: pairs.map((pair) => distance(pair.handle, pair.target)),
    loss: null,
    pull: 0,
    delayMs: 0,
    lean: false,
    parts: 0,
  };
}
