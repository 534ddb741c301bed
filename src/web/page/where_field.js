/**
 * The field for an expression as of `can dump --where`, which the server reads.
 *
 * @module
 */

import { make, write } from "./dom.js";
import { Refusal } from "./server.js";

/**
 * Calls a function when nothing has been typed for a moment.
 *
 * @param {() => void} act
 */
export function pause(act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, 250);
  };
}

/**
 * Makes the field, and the line that says what is wrong in it.
 *
 * @param {object} options
 * @param {string} options.id
 * @param {string} options.value
 * @param {(text: string) => Promise<unknown>} options.send Sends the expression to the server.
 */
export function expressionField({ id, value, send }) {
  const problem = make("div", { class: "problem", id: `${id}-problem`, role: "alert", hidden: true });
  const input = make("input", {
    type: "text",
    id,
    class: "grow mono",
    placeholder: "Filter, as EngineSpeed > 3000",
    "aria-label": "Filter by expression",
    "aria-describedby": problem.id,
    title: 'An expression as of can dump --where: id == 0x123, EngineSpeed > 3000 && channel == "can0"',
    spellcheck: false,
    autocomplete: "off",
    value,
    oninput: pause(async () => {
      let text = "";
      try {
        await send(input.value.trim());
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        text = error.message;
      }
      problem.hidden = text === "";
      input.ariaInvalid = String(text !== "");
      write(problem, text);
    }),
  });
  return { input, problem };
}
