// The thresholds of holding back: what each means, its default, and what it may be. Pure.
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'

/** One threshold: a number, or a duration in ms; 0 turns off what `off` allows. */
export type Threshold = { kind: 'count' | 'duration'; usual: number; min: number; max: number; says: string }

export const THRESHOLDS = {
  holdOff: {
    ...{ kind: 'duration', usual: 30 * SECOND, min: 0, max: HOUR },
    says: 'How long a silent check or container waits for what may explain it (its host, what it depends on); 0s is not at all',
  },
  settle: {
    ...{ kind: 'duration', usual: HOUR, min: 0, max: DAY },
    says: 'How long, at the most, a check is given for its next beat once what explained its silence is over',
  },
  flapChanges: {
    ...{ kind: 'count', usual: 6, min: 0, max: 50 },
    says: 'How many times an alert may fire and end in --flap-within before it is one that flaps; 0 is never',
  },
  flapWithin: {
    kind: 'duration',
    usual: 10 * MINUTE,
    min: 10 * SECOND,
    max: DAY,
    says: 'The time in which they count',
  },
  flapGood: {
    ...{ kind: 'duration', usual: 10 * MINUTE, min: SECOND, max: DAY },
    says: 'How long a flapping alert must be gone before it is over',
  },
  stormRate: {
    ...{ kind: 'count', usual: 20, min: 0, max: 10_000 },
    says: 'How many alerts a minute are told one by one; more are a storm, which is one card. 0 is any number',
  },
  stormPost: {
    ...{ kind: 'count', usual: 10, min: 0, max: 1000 },
    says: 'How few may be left of a storm for them to be told one by one',
  },
} as const satisfies Record<string, Threshold>

export type ThresholdName = keyof typeof THRESHOLDS
export type Thresholds = { readonly [Name in ThresholdName]: number }

export const DEFAULT_THRESHOLDS: Thresholds = Object.fromEntries(
  Object.entries(THRESHOLDS).map(([name, { usual }]) => [name, usual]),
) as Thresholds
