import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { command, inDeno, root } from "../system/script.ts";
import { PATIENCE, Program } from "../system/tools.ts";
import { packForNpm } from "./npm.ts";

/** A user's program, in TypeScript. */
const program = `
import {
  BcmSocket, BitTiming, Bus, type BusOptions, CanError, type CyclicSendTask, type Feed, IsoTpSocket,
  type IsoTpSocketOptions, J1939Socket, Link, type LinkEvent, Message, type MessageInit, watchLinks,
} from "@socketcan/bus";

const options: BusOptions = { channel: "demo", interface: "virtual", fd: true };
using sender = new Bus(options);
using bus = new Bus({ ...options, filters: [{ canId: 0x123, canMask: 0x7ff }] });
const init: MessageInit = { arbitrationId: 0x123, isExtendedId: false, data: [1, 2] };
const task: CyclicSendTask = sender.sendPeriodic(new Message(init), 0.01, { count: 2 });
console.log(await task.done);
for await (const message of bus) {
  console.log(message.arbitrationId.toString(16), [...message.data].join());
  break;
}
const { signal } = new AbortController();
const next: Message | null = await bus.recvAsync({ timeout: 1, signal });
console.log(next?.dlc);
const stream: ReadableStream<Message> = bus.readable;
await stream.cancel();
const isotp: IsoTpSocketOptions = { channel: "vcan99", txId: 0x7e0, rxId: 0x7e8 };
const opened: (() => unknown)[] = [
  () => new Bus("vcan99"),
  () => new IsoTpSocket(isotp),
  () => new BcmSocket("vcan99"),
  () => new J1939Socket({ channel: "vcan99", address: 0x20 }),
  () => Link.open("vcan99"),
];
for (const open of opened) {
  try {
    open();
  } catch (error) {
    if (!(error instanceof CanError)) throw error;
    console.log(error.name);
  }
}
export const watch: () => Feed<LinkEvent> = () => watchLinks();
export const timing: BitTiming | undefined = undefined;
`;

/** A program that asks the handler of the live page. */
const page = `
import { webHandler } from "@socketcan/bus/web";

await using handler = webHandler();
const names = ["", "main.js", "uplot.js", "uplot.css"];
const answers = await Promise.all(names.map((name) => handler(new Request("http://localhost/" + name))));
console.log(answers.map(({ status }) => status).join(" "));
`;

/** The first for Node, which has no FFI that the library uses. */
const inNode = `
import { Bus, Message } from "@socketcan/bus";

const sender = new Bus({ channel: "demo", interface: "virtual" });
const bus = new Bus({ channel: "demo", interface: "virtual" });
sender.send(new Message({ arbitrationId: 0xc0ffee, data: [1, 2] }));
console.log(String((await bus.recvAsync({ timeout: 1 })).arbitrationId));
try {
  new Bus("vcan99");
} catch (error) {
  console.log(error.message);
}
sender.close();
bus.close();
`;

/** Options of @tsconfig/strictest, and more. */
const strictest = {
  strict: true,
  allowUnusedLabels: false,
  allowUnreachableCode: false,
  exactOptionalPropertyTypes: true,
  noFallthroughCasesInSwitch: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  declaration: true,
  skipLibCheck: false,
  noEmit: true,
  target: "esnext",
};

/** Import and export declarations, which begin a line. */
const imports = /^(?:import|export) (?:type )?(?:\{[^}]*\}|\*|\* as \w+) from "([^"]+)";$/gm;

/** The oldest TypeScript that is supported, and the newest. */
const compilers = ["typescript-5.9", "typescript-7"] as const;

describe("The npm package", { timeout: PATIENCE }, () => {
  const folder = mkdtempSync(join(tmpdir(), "package-"));
  const target = join(folder, "node_modules/@socketcan/bus");
  const files: string[] = [];

  before(async () => {
    const archive = packForNpm(folder);
    mkdirSync(target, { recursive: true });
    using unpack = new Program("tar", ["-C", target, "--strip-components=1", "-xzf", archive]);
    await unpack.finish();
    files.push(
      ...readdirSync(target, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(target.length + 1)),
    );
    for (const name of ["@types", "bun-types", "undici-types", "uplot"]) {
      symlinkSync(`${root}node_modules/${name}`, join(folder, "node_modules", name));
    }
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "index.ts"), program);
  });

  after(() => rmSync(folder, { recursive: true }));

  it("has a module and its declaration for each file of the library, and documents", () => {
    const page = files.filter((file) => file.startsWith("src/web/page/")).map((file) => file.slice(13)).sort();
    assertEquals(page, readdirSync(`${root}src/web/page`).sort());
    const code = files.filter((file) => file.endsWith(".js") && !file.startsWith("src/web/page/"));
    const others = files.filter((file) =>
      !file.startsWith("src/web/page/") && !/^(mod|(src|ffi|bun)\/.+)(\.js|\.d\.ts)$/.test(file)
    );
    const documents = [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "docs/terminal.svg",
      "docs/web-phone-plots.png",
      "docs/web-table.png",
      "package.json",
    ];
    assertEquals(others.sort(), documents);
    for (const file of ["mod.js", "ffi/deno.js", "bun/libc.js", "src/bus/bus.js"]) assert(code.includes(file), file);
    for (const file of code) {
      assert(existsSync(root + file.replace(/js$/, "ts")), `${file} has no source`);
      assert(files.includes(file.replace(/js$/, "d.ts")), `${file} has no declaration`);
    }
    let count = 0;
    for (const file of files.filter((file) => /\.(js|d\.ts)$/.test(file) && !file.startsWith("src/web/page/"))) {
      const specifiers = readFileSync(join(target, file), "utf8").matchAll(imports);
      for (const [, specifier] of specifiers) {
        count++;
        if (file.startsWith("src/log/") && /^node:(fs|fs\/promises|zlib|sqlite)$/.test(specifier)) continue;
        if (file.startsWith("src/web/") && /^node:(crypto|fs|fs\/promises|os|path)$/.test(specifier)) continue;
        if (file.startsWith("src/net/") && /^node:(dgram|dns\/promises|net|os)$/.test(specifier)) continue;
        if (file.startsWith("src/cli/") && /^node:(fs|os|process|stream|util)$/.test(specifier)) continue;
        assertMatch(specifier, /^\.\.?\/.*\.js$/, file);
        const imported = join(file, "..", specifier);
        assert(files.includes(imported), `${file} imports ${specifier}`);
      }
    }
    assert(count > files.length, `${count} imports`);
  });

  it("names its files, and nothing of the development", () => {
    const manifest = JSON.parse(readFileSync(join(target, "package.json"), "utf8"));
    const source = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
    const { exports, main, types, ...others } = manifest;
    assertEquals(exports, {
      ".": { types: "./mod.d.ts", default: "./mod.js" },
      "./log": { types: "./src/log/mod.d.ts", default: "./src/log/mod.js" },
      "./dbc": { types: "./src/dbc/mod.d.ts", default: "./src/dbc/mod.js" },
      "./web": { types: "./src/web/mod.d.ts", default: "./src/web/mod.js" },
      "./net": { types: "./src/net/mod.d.ts", default: "./src/net/mod.js" },
      "./cli": { types: "./src/cli/mod.d.ts", default: "./src/cli/mod.js" },
      "./package.json": "./package.json",
    });
    assertEquals([main, types], [exports["."].default, exports["."].types]);
    const { name, version, description, keywords, license, type, engines, dependencies } = source;
    const bin = { can: "./src/cli/mod.js" };
    assertEquals(others, {
      name,
      version,
      description,
      keywords,
      license,
      type,
      engines,
      sideEffects: false,
      bin,
      dependencies,
    });
  });

  it("runs in this runtime", async () => {
    const [shell, ...args] = command(join(folder, "index.ts"), {
      denoFlags: ["--allow-ffi", "--node-modules-dir=manual"],
    });
    using user = new Program(shell, args);
    checkOutput(await user.finish());
  });

  it("has the live page", async () => {
    writeFileSync(join(folder, "page.ts"), page);
    const [shell, ...args] = command(join(folder, "page.ts"), { denoFlags: ["--node-modules-dir=manual"] });
    using user = new Program(shell, args);
    assertEquals(await user.finish(), ["200 200 200 200"]);
  });

  it("has the command can", async () => {
    const path = join(target, JSON.parse(readFileSync(join(target, "package.json"), "utf8")).bin.can);
    assertMatch(readFileSync(path, "utf8"), /^#!\/usr\/bin\/env bun\n/);
    const [shell, ...args] = command(path, { args: ["timing", "sja1000", "-b", "500000", "-q"], denoFlags: ["-A"] });
    using can = new Program(shell, args);
    assertMatch((await can.finish())[0], / 500000 +125 .* 0x00 0x1c$/);
  });

  it("works in Node, with the virtual bus", async () => {
    writeFileSync(join(folder, "node.mjs"), inNode);
    using user = new Program("node", [join(folder, "node.mjs")]);
    checkNode(await user.finish());
  });

  it("works in a bundle", async () => {
    writeFileSync(join(folder, "node.mjs"), inNode);
    for (const [entry, target] of [["index.ts", "bun"], ["node.mjs", "node"]] as const) {
      const outfile = join(folder, `bundle-${target}.js`);
      using build = new Program(`${root}node_modules/.bin/bun`, [
        "build",
        join(folder, entry),
        `--target=${target}`,
        `--outfile=${outfile}`,
      ]);
      await build.finish();
      const runtime = target === "bun" ? `${root}node_modules/.bin/bun` : "node";
      using user = new Program(runtime, [outfile]);
      const lines = await user.finish();
      if (target === "bun") checkOutput(lines);
      else checkNode(lines);
    }
  });

  it("has types without an error in a project of bun init's", { skip: !inDeno && "in Deno's run" }, async () => {
    const project = join(folder, "init");
    mkdirSync(project);
    // No registry: what bun init would install is linked instead.
    const init = `cd "$1" && BUN_CONFIG_REGISTRY=http://127.0.0.1:9 "$2" init --yes`;
    using bun = new Program("sh", ["-c", init, "sh", project, `${root}node_modules/.bin/bun`]);
    await bun.result();
    assert(existsSync(join(project, "tsconfig.json")), "bun init has made no project");
    writeFileSync(join(project, "index.ts"), program);
    for (const compiler of compilers) await checkTypes(compiler, project);
  });

  it("has types without an error with the strictest options", { skip: !inDeno && "in Deno's run" }, async () => {
    // Bun's types are checked with it by one compiler: to read them takes the other longer than all else.
    const withBun = { lib: ["esnext"], types: ["bun"] };
    const rows = [
      ["typescript-5.9", { module: "preserve", moduleResolution: "bundler", lib: ["esnext", "dom"], types: [] }],
      ["typescript-7", { module: "preserve", moduleResolution: "bundler", ...withBun }],
      ["typescript-7", { module: "nodenext", moduleResolution: "nodenext", ...withBun }],
    ] as const;
    for (const [i, [compiler, options]] of rows.entries()) {
      const project = join(folder, `strictest-${i}`);
      mkdirSync(project);
      writeFileSync(join(project, "package.json"), '{ "type": "module" }');
      // The check finds errors: this one.
      const wrong = "// @ts-expect-error: no such field\nnew Message({ arbitrationID: 1 });\n";
      writeFileSync(join(project, "index.ts"), program + wrong);
      const config = { compilerOptions: { ...strictest, ...options } };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
      await checkTypes(compiler, project);
    }
  });
});

/** Where there is no vcan99, all sockets fail: with which error depends on the kernel. */
function checkOutput(lines: readonly string[]): void {
  assertEquals(lines.slice(0, 3), ["finished", "123 1,2", "2"]);
  assertEquals(lines.length, 8, lines.join("\n"));
  for (const line of lines.slice(3)) assertMatch(line, /^Can(InterfaceNotImplemented|Initialization|Operation)Error$/);
}

function checkNode([message, error, ...others]: readonly string[]): void {
  assertEquals([message, others], [`${0xc0ffee}`, []]);
  assertMatch(error, /Node/);
}

async function checkTypes(compiler: string, project: string): Promise<void> {
  using tsc = new Program(`${root}node_modules/${compiler}/bin/tsc`, ["--noEmit", "-p", project]);
  const { end } = await tsc.result();
  assertEquals([end, tsc.lines], ["0", []], `${compiler} in ${project}`);
}
