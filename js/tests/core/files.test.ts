import { describe, expect, test } from "vitest";
import {
  FILE_KINDS,
  fileName,
  MOST_UPLOAD_BYTES,
  moviesOf,
  obstacleOf,
  uploadObstacle,
} from "../../src/core/files";
import { initialShared } from "../../src/core/kernel";

const { traits } = initialShared(1);

describe("files", () => {
  test("a file is called after generator and seed, with the ending that the kernel says", () => {
    const named = { ...traits, generatorName: "animals 128/v2", seed: 7 };
    expect(fileName(named, ".dgs")).toBe("animals_128_v2-7.dgs");
    expect(fileName({ ...traits, generatorName: "", seed: 0 }, 3)).toBe("picture-0");
  });

  test("pictures that move need a drag, and a video its package", () => {
    const said = (pictures: number, mp4: boolean) =>
      FILE_KINDS.map((kind) => obstacleOf(kind, { pictures, mp4 }) !== null);
    expect(said(3, true)).toEqual([false, false, false, false]);
    expect(said(0, true)).toEqual([false, true, true, false]);
    expect(said(3, false)).toEqual([false, false, true, false]);
  });

  test("what the kernel does not say hinders nothing", () => {
    expect(moviesOf({})).toEqual({ pictures: 1, mp4: true });
    expect(moviesOf({ pictures: 0, mp4: false })).toEqual({ pictures: 0, mp4: false });
  });

  test("a file that no page can send is refused with the way that works", () => {
    expect(uploadObstacle("a.png", MOST_UPLOAD_BYTES)).toBeNull();
    expect(uploadObstacle("a.png", 0)).toBe("a.png is empty.");
    expect(uploadObstacle("a.dgs", MOST_UPLOAD_BYTES + 1)).toContain(
      '10 MB, more than a page can send; open it in a cell: widget.open_file("a.dgs")',
    );
  });
});
