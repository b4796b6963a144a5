/** Files on their way between the kernel, the page and a person: saved, copied, opened. */
import { type Ask, CANCELLED } from "../core/asks";
import { isText } from "../core/decode";
import { essenceOf, holdsSession } from "../core/essence";
import { type FileKind, fileName, isSessionName, uploadObstacle } from "../core/files";
import {
  type Found,
  fitsPage,
  foundOf,
  isSentWhole,
  photoObstacle,
  pixelsOf,
  sentSide,
} from "../core/photos";
import type { ViewStore } from "../core/store";
import { blobOf } from "./bitmap";
import { element } from "./dom";
import { smallerPhoto } from "./photo_file";
import type { Seeking } from "./seeking";

/** The kernel takes no longer names. */
const LONGEST_NAME = 200;

/** What a person is told of work on a file. */
export interface Told {
  /** Work has begun; `cancel` is null where it is short. */
  readonly begins: (words: string, cancel: (() => void) | null) => void;
  /** So much is done, 0..1. */
  readonly progressed: (part: number) => void;
  /** It has ended well, and this is to be said for a moment; null says nothing. */
  readonly ends: (words: string | null) => void;
  /** A photo was found so well. */
  readonly found: (found: Found) => void;
}

export class Files {
  readonly #store: ViewStore;
  readonly #ask: Ask;
  readonly #told: Told;
  readonly #seeking: Seeking;
  #opening = false;

  /**
   * @param store gets the problems
   * @param ask asks the kernel
   * @param told tells a person
   * @param seeking shows how a photo is looked for
   */
  constructor(store: ViewStore, ask: Ask, told: Told, seeking: Seeking) {
    this.#store = store;
    this.#ask = ask;
    this.#told = told;
    this.#seeking = seeking;
  }

  /** Hands a file to the browser, which saves it. */
  async save(kind: FileKind, points: boolean): Promise<void> {
    await this.#try(`The ${kind.noun} was not saved`, async () => {
      const words = `Making the ${kind.noun}`;
      this.#told.begins(words, null);
      const { result, files } = await this.#ask("file", { format: kind.format, points }, [], {
        begun: (cancel) => this.#told.begins(words, kind.moves ? cancel : null),
        progressed: ({ part }) => this.#told.progressed(part),
      });
      const [file] = files;
      const name = fileName(this.#store.state.shared.traits, result.ending);
      if (file) download(file, isText(result.mime) ? result.mime : "", name);
      this.#told.ends(`Saved ${name}`);
    });
  }

  /** Puts the picture into the clipboard. */
  async copy(points: boolean): Promise<void> {
    await this.#try("The picture was not copied", async () => {
      if (!navigator.clipboard || typeof ClipboardItem === "undefined") {
        throw new Error("this page may not use the clipboard; save it instead.");
      }
      const png = this.#ask("file", { format: "png", points }).then(({ files: [file] }) => {
        if (!file) throw new Error("the kernel has sent no picture.");
        return blobOf(file, "image/png");
      });
      // The promise, not its value: browsers ask for the copy in the moment of the press.
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
      this.#told.ends("Picture copied");
    });
  }

  /** Has the kernel open a file: picture, points and mask of a session, or what it finds for a photo. */
  async open(file: File): Promise<void> {
    await this.#try("The file was not opened", async () => {
      if (this.#opening) throw new Error("another one is being opened; wait for it or cancel it.");
      this.#opening = true;
      try {
        await this.#open(file);
      } finally {
        this.#opening = false;
      }
    });
  }

  async #open(file: File): Promise<void> {
    const { name } = file;
    this.#told.begins(`Opening ${name}`, null);
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (bytes.length > 0 && !holdsSession(bytes) && !isSessionName(name)) {
      await this.#openPhoto(file, bytes);
      return;
    }
    const sent = essenceOf(bytes);
    const obstacle = uploadObstacle(name, sent.length);
    if (obstacle) throw new Error(obstacle);
    await this.#ask("open", { name: name.slice(-LONGEST_NAME) }, [sent]);
    this.#told.ends(`Opened ${name}; Undo goes back`);
  }

  /** Has the kernel look for a photo, and shows how it comes nearer. */
  async #openPhoto(file: File, bytes: Uint8Array): Promise<void> {
    const { name } = file;
    const size = pixelsOf(bytes);
    const side = sentSide(this.#store.state.shared.traits.imageSize);
    const asIs = isSentWhole(bytes.length, size, side) || !fitsPage(size);
    const smaller = asIs ? null : await smallerPhoto(file, side);
    const obstacle = smaller ? null : photoObstacle(name, bytes.length, size);
    if (obstacle) throw new Error(obstacle);
    try {
      const args = { name: name.slice(-LONGEST_NAME) };
      const { result } = await this.#ask("open", args, [smaller ?? bytes], {
        begun: (cancel) => {
          this.#told.ends(null);
          this.#seeking.begins(name, cancel);
        },
        progressed: this.#seeking.progressed,
      });
      const found = foundOf(result);
      if (found) this.#told.found(found);
      else this.#told.ends(`Opened ${name}; Undo goes back`);
    } finally {
      this.#seeking.ends();
    }
  }

  /** Does something with a file; what fails is shown, and what was cancelled is not. */
  async #try(failure: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#told.ends(null);
      const reason = error instanceof Error ? error.message : String(error);
      if (reason === CANCELLED) return;
      this.#store.dispatch({ kind: "problem", message: `${failure}: ${reason}` });
    }
  }
}

function download(file: Uint8Array, mime: string, name: string): void {
  const url = URL.createObjectURL(blobOf(file, mime));
  element("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
