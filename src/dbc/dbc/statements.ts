/**
 * What the statements of a DBC say, before they are put together: comments, attributes and labels name what they belong to.
 *
 * @module
 */

import type { Draft } from "../draft.ts";
import type {
  AttributeDefinition,
  AttributeValue,
  DatabaseBitTiming,
  EnvironmentVariable,
  Labels,
  Signal,
  SignalGroup,
} from "../model.ts";

/** The node that stands for none. */
export const NOBODY = "Vector__XXX";

/** Who may change an environment variable, by the number behind `DUMMY_NODE_VECTOR`. */
export const accesses = ["unrestricted", "read", "write", "read-write"] as const;

/** Where in the text a statement begins. */
interface Placed {
  readonly at: number;
}

/** `SG_`: a signal, to which other statements add. */
export interface SignalStatement extends Placed {
  /** `m1`: the value of the multiplexer. */
  readonly selector: bigint | null;
  readonly draft: Draft<Signal>;
}

/** `BO_`. Its identifier has bit 31 set for an extended frame, here and wherever a statement names it. */
export interface MessageStatement extends Placed {
  readonly id: number;
  readonly name: string;
  readonly length: number;
  readonly sender: string | null;
  readonly signals: SignalStatement[];
}

/** What a comment, an attribute or labels belong to. */
export type Owner =
  | { readonly type: "database" }
  | { readonly type: "node" | "environment-variable"; readonly name: string }
  | { readonly type: "message"; readonly id: number }
  | { readonly type: "signal"; readonly id: number; readonly name: string };

/** `CM_` */
export interface CommentStatement extends Placed {
  readonly owner: Owner;
  readonly text: string;
}

/** `BA_`, and `BA_REL_` if there is a node to which the attribute relates its owner. */
export interface AttributeStatement extends Placed {
  readonly name: string;
  readonly owner: Owner;
  readonly node: string | null;
  readonly value: AttributeValue;
}

/** `BA_DEF_`, `BA_DEF_REL_` */
export interface DefinitionStatement extends Placed {
  readonly definition: AttributeDefinition;
}

/** `BA_DEF_DEF_`, `BA_DEF_DEF_REL_` */
export interface DefaultStatement extends Placed {
  readonly name: string;
  readonly isRelation: boolean;
  readonly value: AttributeValue;
}

/** `VAL_` */
export interface LabelsStatement extends Placed {
  readonly owner: Extract<Owner, { readonly name: string }>;
  readonly labels: Labels;
}

/** `BO_TX_BU_` */
export interface SendersStatement extends Placed {
  readonly id: number;
  readonly senders: readonly string[];
}

/** `SIG_GROUP_` */
export interface GroupStatement extends Placed {
  readonly id: number;
  readonly group: SignalGroup;
}

/** `SIG_VALTYPE_`: 0 for a whole number, 1 and 2 for floating point of 32 and 64 bits. */
export interface TypeStatement extends Placed {
  readonly id: number;
  readonly name: string;
  readonly type: number;
}

/** `SG_MUL_VAL_` */
export interface MultiplexStatement extends Placed {
  readonly id: number;
  readonly name: string;
  readonly multiplexer: string;
  readonly ranges: readonly (readonly [bigint, bigint])[];
}

/** `EV_` */
export interface VariableStatement
  extends Placed, Omit<EnvironmentVariable, "dataLength" | "labels" | "comment" | "attributes"> {}

/** `ENVVAR_DATA_` */
export interface DataStatement extends Placed {
  readonly name: string;
  readonly length: number;
}

/** A name of `BU_`. */
export interface NodeStatement extends Placed {
  readonly name: string;
}

/** All statements of a file, each kind in the order of the file. */
export class Statements {
  version = "";
  bitTiming: DatabaseBitTiming | null = null;
  readonly nodes: NodeStatement[] = [];
  readonly messages: MessageStatement[] = [];
  readonly valueTables: Map<string, Labels> = new Map();
  readonly variables: VariableStatement[] = [];
  readonly data: DataStatement[] = [];
  readonly comments: CommentStatement[] = [];
  readonly definitions: DefinitionStatement[] = [];
  readonly defaults: DefaultStatement[] = [];
  readonly attributes: AttributeStatement[] = [];
  readonly labels: LabelsStatement[] = [];
  readonly senders: SendersStatement[] = [];
  readonly groups: GroupStatement[] = [];
  readonly types: TypeStatement[] = [];
  readonly multiplexing: MultiplexStatement[] = [];
}
