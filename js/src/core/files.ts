/** Files that a person keeps of the picture, and those that can be opened: names and limits, no bytes. */
import { isText } from "./decode";
import type { Traits } from "./protocol";

/** What can be saved, by the name under which the kernel is asked for it. */
export type FileFormat = "png" | "gif" | "mp4" | "session";

export interface FileKind {
  readonly format: FileFormat;
  readonly label: string;
  /** What it is called within a sentence. */
  readonly noun: string;
  readonly hint: string;
  /** True for pictures that move: they need a drag, and take a while. */
  readonly moves: boolean;
}

export const FILE_KINDS: readonly FileKind[] = [
  {
    format: "png",
    label: "Picture",
    noun: "picture",
    hint: "PNG, can be opened again",
    moves: false,
  },
  { format: "gif", label: "Animation", noun: "GIF", hint: "GIF of the last drag", moves: true },
  { format: "mp4", label: "Video", noun: "video", hint: "MP4 of the last drag", moves: true },
  {
    format: "session",
    label: "Session",
    noun: "session",
    hint: "all steps, no picture",
    moves: false,
  },
];

const SESSION_ENDING = ".dgs";

/** Files with these endings are offered when a person looks for one to open. */
export const OPEN_ENDINGS = `.png,${SESSION_ENDING},.jpg,.jpeg,.webp,.gif,.bmp,.tif,.tiff`;

/** True where a person calls a file a session; one that is damaged is told of as one. */
export function isSessionName(name: string): boolean {
  return name.toLowerCase().endsWith(SESSION_ENDING);
}

/** Jupyter closes the connection over a message of 10 MB. */
export const MOST_UPLOAD_BYTES = 9 * 2 ** 20;

/** What animations there can be of the last drag. */
export interface Movies {
  readonly pictures: number;
  readonly mp4: boolean;
}

/** What the kernel says of animations; without a word of it there may be any. */
export function moviesOf(result: Readonly<Record<string, unknown>>): Movies {
  const { pictures, mp4 } = result;
  return { pictures: typeof pictures === "number" ? pictures : 1, mp4: mp4 !== false };
}

/** Why a file cannot be saved now, in a few words; null if it can. */
export function obstacleOf(kind: FileKind, movies: Movies): string | null {
  if (!kind.moves) return null;
  if (kind.format === "mp4" && !movies.mp4) return "needs pip install 'draggan-widget[video]'";
  return movies.pictures > 0 ? null : "pull at the picture first";
}

/** What a file of the picture is called; the kernel says with which ending. */
export function fileName({ generatorName, seed }: Traits, ending: unknown): string {
  const name = generatorName.replace(/[^\w-]+/g, "_") || "picture";
  return `${name}-${seed}${isText(ending) ? ending : ""}`;
}

/** Why a file cannot be sent to the kernel; null if it can. */
export function uploadObstacle(name: string, bytes: number): string | null {
  if (bytes === 0) return `${name} is empty.`;
  if (bytes <= MOST_UPLOAD_BYTES) return null;
  const megabytes = Math.ceil(bytes / 2 ** 20);
  return `${name} has ${megabytes} MB, more than a page can send; open it in a cell: widget.open_file("${name}")`;
}
