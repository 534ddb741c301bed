/**
 * Reads the JUnit reports of both runtimes.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** One test, or in Deno a group of tests that was skipped as a whole, which Bun leaves out of its report. */
export interface TestCase {
  /** The titles of its groups and its own, joined by `" > "`. */
  readonly name: string;
  /** The file; in Deno only of tests outside groups. */
  readonly file: string | undefined;
  readonly outcome: "passed" | "skipped" | "failed";
  /** What it failed with. */
  readonly reason: string;
}

/** Reads the tests in a report; none where there is no report. */
export function readReport(path: string): TestCase[] {
  const cases: TestCase[] = [];
  if (!existsSync(path)) return cases;
  // In Bun's report suites hold suites; the outermost is the file. Deno's has the groups in the name.
  const suites: string[] = [];
  const tags = /<testsuite\b([^>]*?)(\/?)>|<\/testsuite>|<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs;
  for (const [tag, suite, empty, test, inside = ""] of readFileSync(path, "utf8").matchAll(tags)) {
    if (tag === "</testsuite>") suites.pop();
    else if (suite !== undefined) {
      if (!empty) suites.push(attribute(suite, "name")!);
    } else {
      const file = attribute(test, "file");
      const own = attribute(test, "name")!;
      const failure = /<(?:failure|error)\b([^>]*)/.exec(inside);
      cases.push({
        name: file === undefined ? own : [...suites.slice(1), own].join(" > "),
        file: file ?? attribute(test, "classname")?.match(/^\.\/(.*\.ts)$/)?.[1],
        outcome: inside.includes("<skipped") ? "skipped" : failure ? "failed" : "passed",
        reason: failure ? attribute(failure[1], "message") ?? "no message" : "",
      });
    }
  }
  return withoutGroups(cases);
}

/** Deno reports a group as a test too: it is one only if none of its tests is there. */
function withoutGroups(cases: readonly TestCase[]): TestCase[] {
  const groups = new Set<string>();
  for (const { name } of cases) {
    for (let end = name.indexOf(" > "); end >= 0; end = name.indexOf(" > ", end + 1)) groups.add(name.slice(0, end));
  }
  return cases.filter(({ name }) => !groups.has(name));
}

/** The value of an XML attribute as it was before it was made XML, and without colours. */
function attribute(tag: string, name: string): string | undefined {
  const characters: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value && stripVTControlCharacters(
    value.replace(/&(?:#(\d+)|(amp|lt|gt|quot|apos));/g, (_, code, named) => {
      return named ? characters[named] : String.fromCodePoint(Number(code));
    }),
  );
}
