/**
 * What the page may ask for: a table of requests.
 *
 * @module
 */

import { Database } from "../dbc/database.ts";
import type { Client } from "./client.ts";
import { messageDefinition, traceFrame } from "./describe.ts";
import type { Hub } from "./hub.ts";
import type { LogFolder } from "./log_folder.ts";
import type { FullWebOptions } from "./options.ts";
import { csvOf, plotOf } from "./plots/answers.ts";
import type { Done, Trace, TracePosition, View } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import { bytesOf, checkType, type Fields, jsonOf, queryOf } from "./requests.ts";
import type { Sender } from "./sender.ts";
import { uploaded } from "./upload.ts";

/** What the answers are made of. */
export interface Server {
  readonly options: FullWebOptions;
  readonly hub: Hub;
  readonly sender: Sender;
  readonly log: LogFolder;
}

/** Answers a request: with a response, or with what becomes its JSON. */
type Answer = (server: Server, query: Fields, request: Request) => unknown;

const done: Done = { ok: true };

/** The most frames of an answer, and messages that a client may name. */
const FRAMES = 1000;

const answers: Readonly<Record<string, Answer>> = {
  "GET events": ({ hub }, query) => hub.connect(clientId(query)),

  "POST view": async ({ hub }, _, request) => {
    const body = await jsonOf(request);
    const client = clientOf(hub, body);
    const view: { -readonly [Name in keyof View]?: View[Name] } = {};
    if (body.has("where")) view.where = body.text("where", 1000);
    if (body.has("search")) view.search = body.text("search");
    if (body.has("unfolded")) view.unfolded = body.texts("unfolded", 200);
    if (body.has("muted")) view.muted = body.texts("muted", 1000);
    if (body.has("hold")) view.hold = body.flag("hold");
    if (body.has("series")) view.series = body.texts("series", 32);
    if (body.has("rate")) view.rate = body.number("rate", 0.2, 20);
    client.look(view, body.has("source") ? hub.source(body.text("source")) : client.source);
    hub.plot();
    return done;
  },

  "POST player": async ({ hub }, _, request) => {
    const body = await jsonOf(request);
    const client = clientOf(hub, body);
    const { player } = client;
    if (player === null) throw new Refusal(409, "Live buses cannot be played: choose a recording");
    if (body.has("speed")) player.speed = body.number("speed", 0.01, 1000);
    if (body.has("time")) client.seek(body.number("time", -1e12, 1e12));
    if (body.has("playing")) player.playing = body.flag("playing");
    return done;
  },

  "GET trace": ({ hub }, query): Trace => {
    const { trace } = clientOf(hub, query);
    const { from, frames } = trace.read(
      query.whole("from", 0, Number.MAX_SAFE_INTEGER),
      query.whole("count", 0, FRAMES),
    );
    return { extent: trace.extent, from, frames: frames.map((frame) => traceFrame(frame, hub.databases)) };
  },

  "GET trace/at": ({ hub }, query): TracePosition => {
    const { trace } = clientOf(hub, query);
    return { extent: trace.extent, from: trace.placeOf(query.number("time", -1e12, 1e12)) };
  },

  "GET plot": ({ hub }, query) => plotOf(clientOf(hub, query).source, query),

  "GET plot.csv": ({ hub }, query) => csvOf(clientOf(hub, query).source, query),

  "GET messages": ({ hub }, query) => hub.databases.of(query.text("bus"))?.messages.map(messageDefinition) ?? [],

  "GET doctor": async ({ options }) => {
    if (options.doctor === null) throw new Refusal(404, "This server has no doctor");
    return await options.doctor();
  },

  "POST databases": async ({ hub, options }, query, request) => {
    checkType(request, "application/octet-stream");
    const [name, bus] = [query.text("name"), query.text("bus")];
    const database = Database.parse(await bytesOf(request, options.databaseBytes));
    const [diagnostic] = database.diagnostics;
    if (database.messages.length === 0) {
      const why = diagnostic
        ? `line ${diagnostic.line}, column ${diagnostic.column}: ${diagnostic.reason}`
        : "it has no messages";
      throw new Refusal(400, `"${name}" is no database: ${why}`);
    }
    const state = hub.databases.add(database, name, bus);
    hub.changed();
    return state;
  },

  "DELETE databases": ({ hub }, query) => {
    hub.databases.remove(query.text("database"));
    hub.changed();
    return done;
  },

  "POST recordings": async ({ hub, options }, query, request) => {
    checkType(request, "application/octet-stream");
    const file = await uploaded(request, query.text("name"), options.recordingBytes, options.temporaryFolder);
    try {
      return hub.open(file).state;
    } catch (error) {
      file.release();
      throw error;
    }
  },

  "DELETE recordings": async ({ hub }, query) => {
    await hub.closeRecording(query.text("source"));
    return done;
  },

  "POST send": async ({ sender }, _, request) => await sender.send(await jsonOf(request)),

  "DELETE send": ({ sender }, query) => {
    sender.stop(query.text("task"));
    return done;
  },

  "POST record": async ({ log }, _, request) => {
    const body = await jsonOf(request);
    const action = body.text("action");
    if (action === "start") {
      log.start(
        body.has("name") ? body.text("name") : undefined,
        body.has("buses") ? body.texts("buses", 256) : undefined,
      );
    } else if (action === "stop") await log.stop();
    else if (action === "mark") log.mark(body.text("text", 1000));
    else throw new Refusal(400, `"action" must be start, stop or mark`);
    return log.state;
  },
};

/**
 * Answers a request of the page.
 *
 * @param name What is asked for: the path after `api/`.
 * @throws {Refusal} There is no such request, or it is wrong.
 */
export async function answerApi(server: Server, name: string, request: Request, url: URL): Promise<Response> {
  const key = `${request.method} ${name}`;
  if (!Object.hasOwn(answers, key)) {
    const others = Object.keys(answers).filter((each) => each.endsWith(` ${name}`)).map((each) => each.split(" ")[0]);
    if (others.length > 0) throw new Refusal(405, `${name} takes ${others.join(" and ")}, not ${request.method}`);
    throw new Refusal(404, `There is nothing at ${url.pathname}`);
  }
  const answer = await answers[key](server, queryOf(url), request);
  return answer instanceof Response ? answer : Response.json(answer);
}

function clientId(fields: Fields): string {
  const id = fields.text("client");
  if (!/^[\w-]{8,64}$/.test(id)) throw new Refusal(400, `"client" must be 8 to 64 letters, digits, - and _`);
  return id;
}

function clientOf(hub: Hub, fields: Fields): Client {
  return hub.client(clientId(fields));
}
