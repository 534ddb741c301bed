/**
 * A reader of XML, as much as a KCD needs: elements, attributes, text, CDATA and the five entities that XML has itself.
 *
 * The runtimes have no common one: a browser has DOMParser, which Deno and Bun have not. Declarations of documents are skipped,
 * so that nothing in a file can name other files, or grow when it is read.
 *
 * @module
 */

/** An element. */
export interface Element {
  /** Its name without the namespace's prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** All text that is directly in it. */
  readonly text: string;
  /** Where it begins in the text. */
  readonly at: number;
}

/** An element that is not closed yet. */
interface OpenElement extends Element {
  readonly children: Element[];
  text: string;
  /** As it is written, for its end tag. */
  readonly tag: string;
}

/** The markup that follows a `<`: each pattern is tried there. */
const comment = /!--[^]*?-->/y;
const cdata = /!\[CDATA\[([^]*?)\]\]>/y;
const instruction = /\?[^]*?\?>/y;
const doctype = /!DOCTYPE[^[>]*(?:\[[^\]]*\]\s*)?>/y;
const endTag = /\/([^\s<>/]+)\s*>/y;
const beginTag = /([^\s<>/=!?]+)/y;
const attribute = /\s+([^\s<>/=]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const tagEnd = /\s*(\/?)>/y;

/**
 * Returns the root element of a document; null if there is none. What cannot be read ends the document: what is open there is
 * closed.
 *
 * @param report Takes what cannot be read, and where it is.
 */
export function readXml(text: string, report: (reason: string, at: number) => void): Element | null {
  return new XmlReader(text, report).read();
}

class XmlReader {
  readonly #text: string;
  readonly #report: (reason: string, at: number) => void;
  readonly #open: OpenElement[] = [];
  #root: Element | null = null;
  #next = 0;

  constructor(text: string, report: (reason: string, at: number) => void) {
    this.#text = text;
    this.#report = report;
  }

  read(): Element | null {
    while (this.#next < this.#text.length) {
      const at = this.#text.indexOf("<", this.#next);
      this.#addText(this.#text.slice(this.#next, at < 0 ? undefined : at), this.#next);
      if (at < 0) break;
      this.#next = at + 1;
      const reason = this.#readMarkup(at);
      if (reason === null) continue;
      this.#report(reason, at);
      break;
    }
    const unclosed = this.#open.at(-1);
    if (unclosed && this.#next >= this.#text.length) this.#report(`<${unclosed.tag}> is not closed`, unclosed.at);
    return this.#root;
  }

  /** Reads what follows a `<`. Returns what is wrong with it; null if nothing is. */
  #readMarkup(at: number): string | null {
    if (this.#match(comment) ?? this.#match(instruction) ?? this.#match(doctype)) return null;
    const data = this.#match(cdata);
    if (data) {
      const parent = this.#open.at(-1);
      if (parent) parent.text += data[1];
      return null;
    }
    const end = this.#match(endTag);
    if (end) return this.#close(end[1]);
    const begin = this.#match(beginTag);
    return begin ? this.#begin(begin[1], at) : "this is no tag";
  }

  #close(tag: string): string | null {
    const element = this.#open.pop();
    return element?.tag === tag ? null : `</${tag}> closes ${element ? `<${element.tag}>` : "nothing"}`;
  }

  #begin(tag: string, at: number): string | null {
    const attributes = new Map<string, string>();
    for (let found; (found = this.#match(attribute));) {
      const [, name, double, single] = found;
      if (attributes.has(name)) return `<${tag}> has the attribute ${name} twice`;
      attributes.set(name, this.#unescaped(double ?? single, at));
    }
    const end = this.#match(tagEnd);
    if (!end) return `the tag <${tag}> cannot be read`;
    const parent = this.#open.at(-1);
    if (!parent && this.#root) return `<${tag}> is behind the end of the document`;
    const element = { name: tag.slice(tag.indexOf(":") + 1), attributes, children: [], text: "", at, tag };
    if (parent) parent.children.push(element);
    else this.#root = element;
    if (end[1] === "") this.#open.push(element);
    return null;
  }

  #addText(text: string, at: number): void {
    const parent = this.#open.at(-1);
    if (parent && text !== "") parent.text += this.#unescaped(text, at);
  }

  #unescaped(text: string, at: number): string {
    return text.replace(/&([^&;\s]{0,32});?/g, (written: string, name: string) => {
      const known = entityOf(name);
      if (known !== null && written.endsWith(";")) return known;
      this.#report(`${written} is no entity: it stays as it is`, at);
      return written;
    });
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#next;
    const found = pattern.exec(this.#text);
    if (found) this.#next = pattern.lastIndex;
    return found;
  }
}

const entities = new Map([["lt", "<"], ["gt", ">"], ["amp", "&"], ["apos", "'"], ["quot", '"']]);

/** Returns what an entity stands for; null if XML has none of that name. */
function entityOf(name: string): string | null {
  const [, hex, decimal] = /^#(?:x([\da-fA-F]+)|(\d+))$/.exec(name) ?? [];
  const code = hex ? parseInt(hex, 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : entities.get(name) ?? null;
}
