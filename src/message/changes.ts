/**
 * Changed copies of messages.
 *
 * @module
 */

import { show } from "../check.ts";
import { CAN_MAX_DLEN } from "../kernel/can.ts";
import type { MessageInit } from "./init.ts";

/** All fields of a message. */
type Original = Required<Omit<MessageInit, "timestamp">>;

type Changeable = { -readonly [K in keyof MessageInit]: MessageInit[K] };

/** The frame types other than a plain data frame; a frame is of at most one of them. */
const forms = ["isRemoteFrame", "isErrorFrame", "isFd", "isXl"] as const;

/** Returns the fields of a message with some changed, for the constructor. See `Message.with`. */
export function changedInit(original: Original, changes: MessageInit): MessageInit {
  if (typeof changes !== "object" || changes === null) {
    throw new TypeError(`Message.with takes an object of fields, not ${show(changes)}`);
  }
  const given: Changeable = {};
  for (const name of Object.keys(changes) as (keyof MessageInit)[]) {
    if (changes[name] !== undefined) set(given, name, changes[name]);
  }
  const newForm = forms.some((form) => given[form] === true && !original[form]);
  const kept = (form: typeof forms[number]) => given[form] ?? (original[form] && !newForm);
  const [isRemoteFrame, isErrorFrame, isFd, isXl] = forms.map(kept);
  const staysFd = isFd && original.isFd;
  const keepsFlags = staysFd && given.fdFlags === undefined;
  const staysXl = isXl && original.isXl;
  // Error frames and XL frames have no extended identifier unless one is asked for.
  const keepsFormat = !isXl && !(isErrorFrame && !original.isErrorFrame);
  const length = given.data?.length ?? given.dlc ?? (isRemoteFrame === original.isRemoteFrame ? original.dlc : 0);
  const keepsCode = length === CAN_MAX_DLEN && !isFd && !isXl && !isErrorFrame;
  return {
    arbitrationId: given.priority === undefined ? original.arbitrationId : undefined,
    isExtendedId: keepsFormat ? original.isExtendedId : undefined,
    data: isRemoteFrame ? undefined : original.data,
    dlc: isRemoteFrame ? original.dlc : undefined,
    len8Dlc: keepsCode ? original.len8Dlc : undefined,
    bitrateSwitch: keepsFlags ? original.bitrateSwitch : undefined,
    errorStateIndicator: keepsFlags ? original.errorStateIndicator : undefined,
    fdFlags: keepsFlags && given.bitrateSwitch === undefined && given.errorStateIndicator === undefined
      ? original.fdFlags
      : undefined,
    vcid: staysXl ? original.vcid : undefined,
    sdt: staysXl ? original.sdt : undefined,
    af: staysXl ? original.af : undefined,
    sec: staysXl ? original.sec : undefined,
    channel: original.channel,
    timestampNs: given.timestamp === undefined ? original.timestampNs : undefined,
    timestampSource: original.timestampSource,
    isRx: original.isRx,
    ...given,
    ...{ isRemoteFrame, isErrorFrame, isFd, isXl },
  };
}

function set<K extends keyof MessageInit>(init: Changeable, name: K, value: MessageInit[K]): void {
  init[name] = value;
}
