// A check by the hour for tables of its rules, and what beats and deadlines make of it.
import { applyBeat, applyDeadline, type BeatKind, type Check } from '../checks/check.ts'
import { HOUR, MINUTE } from '../time.ts'

export const NOW = Date.parse('2026-03-02T09:00:00Z')

/** A check of every hour with ten minutes of grace that has just beaten. */
export function aCheck(changes: Partial<Check> = {}): Check {
  const blank = {
    every: HOUR,
    everyDays: 0,
    early: null,
    onCalendar: null,
    except: null,
    exceptions: null,
    earlyBeats: 0,
    cron: null,
    timeZone: 'UTC',
    grace: 10 * MINUTE,
    maxRuntime: null,
    after: 1,
    active: null,
    status: 'up',
    misses: 0,
    missedAt: null,
    missKind: null,
    lastBeatAt: NOW,
    lastStartAt: null,
    lastStartRid: null,
    lastDuration: null,
    lateAt: NOW + HOUR,
    downAt: NOW + HOUR + 10 * MINUTE,
    beats: 1,
  }
  return { ...blank, ...changes } as Check
}

/** The check after a beat. */
export const beaten = (check: Check, kind: BeatKind, now: number, rid: string | null = null): Check => ({
  ...check,
  ...applyBeat(check, kind, rid, now).changes,
})
/** The check after its deadline has passed. */
export const passed = (check: Check): Check => ({ ...check, ...applyDeadline(check).changes })
