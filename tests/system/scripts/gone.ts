// Waits on an interface that is deleted and never comes back: see reconnect_test.ts.
import process from "node:process";
import { Bus } from "../../../mod.ts";

const way = process.argv[2];
const logger = {
  debug() {},
  warn() {
    if (way === "unref") bus.unref();
    else controller.abort("enough");
  },
};
const bus = new Bus({ channel: "vcanre", reconnect: true, logger });
const controller = new AbortController();
const wait = bus.recvAsync({ signal: controller.signal }).catch((reason) => console.log(reason));
console.log("waiting");
if (way === "abort") await wait;
