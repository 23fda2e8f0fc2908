/** What a person says about moving runs to another version, where the two plans alone do not say it. */
import type { Json, JsonObject } from '../../plan/json.ts';

/** What a move to another version needs to know beyond the two plans. */
export interface Mapping {
  /** Steps that have another name in the new version; `null`: what was recorded or awaited under that name is given up. */
  readonly steps?: { readonly [old: string]: string | null };
  /** Results by step of the new version: for steps inserted before where a run stands, or in place of recorded ones that no longer fit. */
  readonly results?: { readonly [step: string]: Json | ((recorded: ResultsOfRun) => Json) };
  /** Steps of the new version that may begin at once although the run had gone past their place. */
  readonly perform?: readonly string[];
  /** The run context of the new version, from that of the old one. */
  readonly context?: (context: JsonObject, run: ResultsOfRun) => JsonObject;
}

/** What the functions of a mapping may read. */
export interface ResultsOfRun {
  readonly runId: string;
  readonly input: Json;
  readonly context: JsonObject;
  /** Recorded results by step of the old version, in their stored form. */
  readonly results: { readonly [step: string]: Json };
}
