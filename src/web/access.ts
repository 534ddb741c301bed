/**
 * Who may look: each request is checked before anything is done with it.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { Refusal } from "./refusal.ts";

/** The names of this machine for itself. */
export const loopback: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Returns a token that cannot be guessed. */
export function newToken(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Decides which requests are answered. */
export class Access {
  readonly #hosts: ReadonlySet<string>;
  readonly #token: string | null;
  /** A name of its own for each token, as ports of a host share their cookies. */
  readonly #cookie: string;
  readonly #path: string;

  /**
   * @param hosts The names by which the server may be called, without a port; `"*"` for all.
   * @param token What a request must know; null: nothing.
   * @param path The path of the page, for the cookie.
   */
  constructor(hosts: readonly string[], token: string | null, path: string) {
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.#token = token;
    this.#cookie = `can-${digest(token ?? "").toString("hex").slice(0, 12)}`;
    this.#path = path;
  }

  /**
   * Checks a request. Returns an answer if there is nothing more to do: the link with the token leads to the page.
   *
   * @throws {Refusal} The request is from elsewhere, or does not know the token.
   */
  check(request: Request, url: URL): Response | null {
    // A page of another site whose name was made to lead here calls this server by that name.
    const called = [url.host, request.headers.get("host") ?? url.host].map(hostname);
    if (!this.#hosts.has("*") && !called.every((name) => this.#hosts.has(name))) {
      throw new Refusal(403, `This server is not called "${called.at(-1)}": open it by the link that it printed`);
    }
    const origin = request.headers.get("origin");
    const foreign = origin !== null && !isSame(origin, request.headers.get("host") ?? url.host);
    const site = request.headers.get("sec-fetch-site") ?? "none";
    // A link on another site may lead to the page, but nothing else of it may be used from there.
    const followed = request.method === "GET" && request.headers.get("sec-fetch-mode") === "navigate" &&
      request.headers.get("sec-fetch-dest") === "document";
    if (foreign || (site !== "same-origin" && site !== "none" && !followed)) {
      throw new Refusal(403, "This request comes from another site");
    }
    if (this.#token === null) return null;
    const given = url.searchParams.get("token");
    if (given !== null && request.method === "GET" && this.#knows(given)) return this.#welcome(url);
    const bearer = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    if (!this.#knows(bearer ?? this.#cookieOf(request) ?? "")) {
      throw new Refusal(403, "This page needs the token that is in the link which the server printed");
    }
    return null;
  }

  /** Compares by digests, in a time that says nothing of where they differ. */
  #knows(given: string): boolean {
    return timingSafeEqual(digest(given), digest(this.#token!));
  }

  #cookieOf(request: Request): string | undefined {
    const cookies = (request.headers.get("cookie") ?? "").split(";").map((each) => each.trim());
    return cookies.find((each) => each.startsWith(`${this.#cookie}=`))?.slice(this.#cookie.length + 1);
  }

  /** Keeps the token in a cookie, and takes it out of the address. */
  #welcome(url: URL): Response {
    url.searchParams.delete("token");
    const secure = url.protocol === "https:" ? "; Secure" : "";
    return new Response(null, {
      status: 303,
      headers: {
        location: `${url.pathname}${url.search}`,
        "set-cookie": `${this.#cookie}=${this.#token}; Path=${this.#path}; HttpOnly; SameSite=Strict${secure}`,
      },
    });
  }
}

function digest(text: string): Uint8Array & { toString(encoding: "hex"): string } {
  return createHash("sha256").update(text).digest();
}

/** The name in a host with a port, in lower case. */
function hostname(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}

function isSame(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(`${new URL(origin).protocol}//${host}`).host;
}
