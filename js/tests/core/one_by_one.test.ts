import { expect, test } from "vitest";
import { OneByOne } from "../../src/core/one_by_one";

test("what comes next is asked for when the last one has ended", async () => {
  const waiting = [1, 2];
  const done: string[] = [];
  const work = new OneByOne<number>(
    () => waiting.shift() ?? null,
    async (task) => {
      done.push(`${task} begins`);
      await Promise.resolve();
      done.push(`${task} ends`);
    },
  );
  const rest = () => new Promise((resolve) => setTimeout(resolve));
  work.go();
  work.go();
  waiting.push(3);
  await rest();
  expect(done.join()).toBe("1 begins,1 ends,2 begins,2 ends,3 begins,3 ends");
  waiting.push(4);
  work.go();
  await rest();
  expect(done.at(-1)).toBe("4 ends");
});
