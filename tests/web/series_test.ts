import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Series } from "../../src/web/plots/series.ts";

/** Values at a thousand a second, 0 but for one. */
function withSpike(count: number, at: number): Series {
  const series = new Series();
  for (let i = 0; i < count; i++) series.append(i / 1000, i === at ? 1000 : i % 2);
  return series;
}

describe("A series", () => {
  it("shows one spike among a million values at every zoom, wherever it is", () => {
    const count = 1_000_000;
    for (const at of [0, 499_999, 737_855, 737_857, 999_999]) {
      const series = withSpike(count, at);
      const time = at / 1000;
      for (let width = 2000; width > 0.002; width /= 5) {
        for (const shift of [0.01, 0.5, 0.97]) {
          const from = time - shift * width;
          const stretches = series.query(from, from + width, 800);
          const found = stretches.filter(({ maximum }) => maximum === 1000);
          assertEquals(
            found.length,
            1,
            `spike ${at}, window ${from} to ${from + width}: ${stretches.length} stretches`,
          );
          // It is where it belongs, as exactly as the window's pixels and what is kept of so long ago.
          const exact = Math.max(width / 800, at < count - 2 ** 18 ? 0.512 : 0.001);
          assert(found[0].from <= time + 1e-9 && found[0].to >= time - 1e-9, `${found[0].from} to ${found[0].to}`);
          assert(found[0].from >= time - exact - 1e-9, `${found[0].from} for ${time}, window ${width}`);
          assert(stretches.length <= 804, `${stretches.length} stretches`);
        }
      }
    }
  });

  it("has all values in order, and each once", () => {
    const series = new Series();
    const count = 1000;
    for (let i = 0; i < count; i++) series.append(i, i);
    const times = [...series.values(0, count)].map(({ from }) => from);
    assertEquals(times, Array.from({ length: count }, (_, i) => i));
    // Coarser ones cover the same, whatever is gathered but not passed on yet.
    for (let end = 900; end < count; end += 7) {
      const stretches = series.query(0, end, 10);
      assertEquals(stretches[0].minimum, 0);
      assert(stretches.at(-1)!.maximum >= end, `${stretches.at(-1)!.maximum}`);
      for (const [i, stretch] of stretches.entries()) {
        if (i > 0) assertEquals(stretch.minimum, stretches[i - 1].maximum + 1);
      }
    }
  });

  it("keeps gaps at every zoom: where values are missing, and where none came for long", () => {
    const series = new Series();
    let time = 0;
    for (let part = 0; part < 4; part++) {
      for (let i = 0; i < 5000; i++) series.append(time += 0.01, part);
      if (part % 2 === 0) series.gap();
      else time += 30;
    }
    for (const width of [240, 500, 5000]) {
      const gaps = series.query(0, width, 200).filter(({ gap }) => gap);
      assertEquals(gaps.length, 3, `${width}`);
      // Nothing is put together across a gap.
      for (const { minimum, maximum } of series.query(0, width, 200)) assertEquals(minimum, maximum);
    }
  });

  it("takes values that come a little out of order, and begins again with a clock that was set back", () => {
    const series = new Series();
    for (const time of [10, 10.1, 10.05, 10.2]) series.append(time, time);
    assertEquals([...series.values(0, 100)].map(({ from, maximum }) => [from, maximum]), [
      [10, 10],
      [10.1, 10.1],
      [10.1, 10.05],
      [10.2, 10.2],
    ]);
    series.append(5, 1);
    assertEquals([series.first, series.last], [5, 5]);
  });

  it("takes NaN as a gap, and infinite values as they are", () => {
    const series = new Series();
    for (const value of [1, NaN, 2, Infinity]) series.append(series.last + 1 || 1, value);
    assertEquals([...series.values(0, 100)].map(({ maximum, gap }) => [maximum, gap]), [
      [1, false],
      [2, true],
      [Infinity, false],
    ]);
  });
});
