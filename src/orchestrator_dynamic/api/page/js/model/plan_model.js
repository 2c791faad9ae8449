/** One plan as it is now: its workflow, its tasks, its tickets, and its journal. */

import { codeOf, STAGES } from './vocabulary.js';

// Older entries can be fetched again; a page that is open for days must not grow without end.
const ENTRIES_MAX = 20_000;

/**
 * @typedef {object} Row  a ticket as the snapshot has it
 * @property {number} number
 * @property {string} stage
 * @property {number} attempt
 * @property {number | null} ready_at
 * @property {number | null} deadline_at
 * @property {number | null} published_at
 * @property {number | null} started_at
 * @property {number | null} ended_at
 * @property {string | null} agent
 * @property {string | null} error
 * @property {string | null} progress
 * @property {number | null} undoes
 */

/**
 * @typedef {object} Task
 * @property {number} n
 * @property {string} id
 * @property {string} type
 * @property {string} description
 * @property {number[]} deps
 * @property {number | null} estimated_ms
 * @property {string[]} capabilities
 * @property {number} layer
 */

export class PlanModel {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    /** @type {any} */ this.workflow = null;
    /** @type {{tasks: Task[], critical_path: number[], critical_path_ms: number, layers: number} | null} */
    this.graph = null;
    /** @type {Row[]} */ this.rows = [];
    this.codes = new Uint8Array(0);
    this.counts = new Uint32Array(STAGES.length);
    this.seq = 0;
    /** @type {any[]} */ this.entries = [];
    this.entriesFrom = 0;
    this.firstSeq = 0;
    this.critical = new Set();
    this.fields = [];
    this.hasRows = false;
    this.watchers = new Set();
    this.rowWatchers = new Set();
  }

  /** Hear of every change; returns how to stop. @param {() => void} watcher */
  watch(watcher) {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Hear which tickets changed, null for all. @param {(numbers: number[] | null) => void} watcher */
  watchRows(watcher) {
    this.rowWatchers.add(watcher);
    return () => this.rowWatchers.delete(watcher);
  }

  /** What the task of a ticket is called. @param {number} number */
  nameOf(number) {
    const task = this.taskOf(number);
    return task?.id ?? `#${number}`;
  }

  /** The task that a ticket executes or undoes. @param {number} number */
  taskOf(number) {
    const undoes = this.rows[number]?.undoes;
    return this.graph?.tasks[undoes ?? number] ?? null;
  }

  /** The tasks that wait for a task. @param {number} number @returns {number[]} */
  dependants(number) {
    this.followers ??= followersOf(this.graph.tasks);
    return this.followers[number] ?? [];
  }

  /** The tasks of a layer, in plan order. @param {number} layer @returns {number[]} */
  layer(layer) {
    return this.graph.tasks.filter((task) => task.layer === layer).map((task) => task.n);
  }

  /** How many tickets are in each stage, by its name. @param {string} stage */
  count(stage) {
    return this.counts[codeOf(stage)];
  }

  takeWorkflow(workflow) {
    this.workflow = { ...this.workflow, ...workflow };
    this.#tell();
  }

  takeGraph(graph) {
    this.graph = graph;
    this.critical = new Set(graph.critical_path);
    this.#tell();
    this.#tellRows(null);
  }

  takeSnapshot(snapshot) {
    this.seq = snapshot.seq;
    this.fields = snapshot.fields;
    this.workflow = { ...this.workflow, ...snapshot.workflow };
    this.rows = [];
    this.counts.fill(0);
    this.codes = new Uint8Array(snapshot.tickets.length + 64);
    for (const values of snapshot.tickets) this.#put(values);
    this.hasRows = true;
    if (this.entriesFrom === 0) this.firstSeq = this.entriesFrom = this.seq + 1;
    this.#tell();
    this.#tellRows(null);
  }

  /** Take one event of the stream; repeated ones change nothing. @returns {boolean} news? */
  takeChange(change) {
    // A snapshot may be newer than the event, yet only events bring the entries between.
    const told = this.#append(change.entries ?? []);
    if (change.seq <= this.seq && !change.reload) {
      if (told) this.#tell();
      return told;
    }
    this.seq = Math.max(this.seq, change.seq);
    this.workflow = { ...this.workflow, ...change.workflow };
    if (change.tickets) {
      const numbers = change.tickets.map((values) => this.#put(values));
      this.#tellRows(numbers);
    }
    this.#tell();
    return true;
  }

  /** Put entries that are older than all that are known before them. */
  takeOlder(entries, from) {
    const first = this.entries[0]?.seq ?? Infinity;
    this.entries = [...entries.filter((entry) => entry.seq < first), ...this.entries];
    this.entriesFrom = from;
    this.#tell();
  }

  #append(entries) {
    const last = this.entries.at(-1)?.seq ?? 0;
    const fresh = entries.filter((entry) => entry.seq > last);
    if (fresh.length === 0) return false;
    this.entries.push(...fresh);
    if (this.entries.length > ENTRIES_MAX) {
      this.entries = this.entries.slice(-ENTRIES_MAX / 2);
      this.entriesFrom = this.entries[0].seq;
    }
    return true;
  }

  #put(values) {
    const row = {};
    for (let i = 0; i < this.fields.length; i += 1) row[this.fields[i]] = values[i];
    const { number } = row;
    if (number >= this.codes.length) {
      const larger = new Uint8Array(Math.max(number + 64, this.codes.length * 2));
      larger.set(this.codes);
      this.codes = larger;
    }
    const code = codeOf(row.stage);
    // Compensations are tickets too, yet what is counted are the plan's tasks.
    if (row.undoes === null || row.undoes === undefined) {
      if (this.rows[number]) this.counts[this.codes[number]] -= 1;
      this.counts[code] += 1;
    }
    this.codes[number] = code;
    this.rows[number] = row;
    return number;
  }

  #tell() {
    for (const watcher of [...this.watchers]) watcher();
  }

  #tellRows(numbers) {
    for (const watcher of [...this.rowWatchers]) watcher(numbers);
  }
}

function followersOf(tasks) {
  const followers = tasks.map(() => []);
  for (const task of tasks) for (const dep of task.deps) followers[dep].push(task.n);
  return followers;
}
