/** What the engine's words mean to the eye: a tone, which is a colour, and an icon beside it. */

/** @typedef {'waiting' | 'needs' | 'queued' | 'held' | 'running' | 'done' | 'failed' | 'undone' | 'dropped'} Tone */

/** Tones in the order of a ticket's life, as legends and bars show them. */
export const TONES = /** @type {Tone[]} */ ([
  'done',
  'running',
  'queued',
  'held',
  'needs',
  'waiting',
  'failed',
  'undone',
  'dropped',
]);

/** Stages in a fixed order; a stage's code is its place here. */
export const STAGES = [
  'WAITING',
  'AWAITING_APPROVAL',
  'READY',
  'STARVED',
  'PUBLISHING',
  'RUNNING',
  'BACKING_OFF',
  'COMPLETED',
  'FAILED',
  'SKIPPED',
  'CANCELLED',
  'COMPENSATING',
  'COMPENSATED',
];

const CODES = new Map(STAGES.map((stage, code) => [stage, code]));

/** @param {string} stage */
export const codeOf = (stage) => CODES.get(stage) ?? 0;

/** @type {Record<string, Tone>} */
const STAGE_TONES = {
  WAITING: 'waiting',
  AWAITING_APPROVAL: 'needs',
  READY: 'queued',
  STARVED: 'held',
  PUBLISHING: 'queued',
  RUNNING: 'running',
  BACKING_OFF: 'held',
  COMPLETED: 'done',
  FAILED: 'failed',
  SKIPPED: 'dropped',
  CANCELLED: 'dropped',
  COMPENSATING: 'undone',
  COMPENSATED: 'undone',
};

/** @param {string} stage @returns {Tone} */
export const toneOfStage = (stage) => STAGE_TONES[stage] ?? 'waiting';

/** The tone of each stage by its code. */
export const TONE_OF_CODE = STAGES.map(toneOfStage);

/** @type {Record<string, Tone>} */
const PLAN_TONES = {
  SUCCESS: 'done',
  PARTIAL: 'held',
  FAILED: 'failed',
  COMPENSATED: 'undone',
  CANCELLED: 'dropped',
  REJECTED: 'dropped',
  EXPIRED: 'dropped',
  NEW: 'waiting',
  AWAITING_APPROVAL: 'needs',
  RUNNING: 'running',
  DRAINING: 'held',
  COMPENSATING: 'undone',
  CANCELLING: 'dropped',
  ENDED: 'done',
  HALTED: 'failed',
  PAUSED: 'held',
  NEEDS: 'needs',
};

/**
 * Return the word for where a plan is: its outcome, or its phase, or that it is paused.
 * @param {{outcome: string | null, phase: string, paused: boolean | number}} workflow
 */
export function standing(workflow) {
  if (workflow.outcome) return workflow.outcome;
  return workflow.paused ? 'PAUSED' : workflow.phase;
}

/** @param {string} word  as `standing` returns it @returns {Tone} */
export const toneOfPlan = (word) => PLAN_TONES[word] ?? 'waiting';

export const OUTCOMES = [
  'SUCCESS',
  'PARTIAL',
  'FAILED',
  'COMPENSATED',
  'CANCELLED',
  'REJECTED',
  'EXPIRED',
];
export const RISKS = ['critical', 'high', 'medium', 'low'];

/** @param {{phase: string}} workflow */
export const isOpen = (workflow) => workflow.phase !== 'ENDED' && workflow.phase !== 'HALTED';

/**
 * Whether the plan's own deadline was missed, or a ticket's was.
 * @param {{sla_violations: number}} workflow
 */
export const slaMissed = (workflow) => workflow.sla_violations > 0;
