// The table of calendars whose days are exceptions of checks, and the checks that follow them.
import type { State } from '../../state/database.ts'
import { eq, isNotNull, lte, sql } from '../../state/orm.ts'
import type { Exceptions } from '../../state/schema/checks.ts'
import { calendars, checks } from '../../state/schema/index.ts'
import { DAY, HOUR } from '../../time.ts'
import { editCheck } from '../checks.ts'
import { mergeExceptions, readExcept } from './exception.ts'

export type Calendar = typeof calendars.$inferSelect

const READ_INTERVAL_MS = DAY
const RETRY_INTERVAL_MS = HOUR

/** The calendar of a path or URL as it was last read, or undefined. */
export function readCalendarRow(state: State, source: string): Calendar | undefined {
  return state.db.select().from(calendars).where(eq(calendars.source, source)).get()
}

/** The exceptions that `except` means now: its days, and the calendars as they were last read. */
export function exceptionsOf(state: State, except: string, now: number): Exceptions {
  const { days, calendars: sources } = readExcept(except)
  const read = sources.map(source => readCalendarRow(state, source)?.exceptions ?? { days: [], times: [] })
  return mergeExceptions([{ days, times: [] }, ...read], now)
}

/** Stores what a calendar was read as at `now`, and what changes by it in the checks that follow it. */
export function saveCalendar(state: State, source: string, exceptions: Exceptions, now: number): void {
  const row = { exceptions, readAt: now, failedAt: null, error: null, nextReadAt: now + READ_INTERVAL_MS }
  state.transaction(() => {
    state.db
      .insert(calendars)
      .values({ source, ...row })
      .onConflictDoUpdate({ target: calendars.source, set: row })
      .run()
    updateFollowers(state, source, now)
  })
}

/** Stores that a calendar could not be read; its last days stay in force, and it is read again in an hour. */
export function failCalendar(state: State, source: string, error: string, now: number): void {
  state.transaction(() => {
    const failedAt = readCalendarRow(state, source)?.failedAt ?? now
    const changes = { failedAt, error, nextReadAt: now + RETRY_INTERVAL_MS }
    state.db.update(calendars).set(changes).where(eq(calendars.source, source)).run()
  })
}

/** The calendars that are to be read at `now`; those that no check follows any more are deleted. */
export function dueCalendars(state: State, now: number): string[] {
  const until = lte(calendars.nextReadAt, sql.placeholder('now'))
  const due = state
    .prepared('due calendars', db => db.select({ source: calendars.source }).from(calendars).where(until).prepare())
    .all({ now })
  if (due.length === 0) return []
  const followed = new Set(listFollowers(state).flatMap(({ except }) => readExcept(except!).calendars))
  for (const { source } of due) {
    if (!followed.has(source)) state.db.delete(calendars).where(eq(calendars.source, source)).run()
  }
  return due.map(({ source }) => source).filter(source => followed.has(source))
}

function listFollowers(state: State) {
  return state.db.select().from(checks).where(isNotNull(checks.except)).all()
}

function updateFollowers(state: State, source: string, now: number): void {
  for (const check of listFollowers(state)) {
    if (!readExcept(check.except!).calendars.includes(source)) continue
    const before = mergeExceptions([check.exceptions ?? { days: [], times: [] }], now)
    const exceptions = exceptionsOf(state, check.except!, now)
    if (JSON.stringify(before) !== JSON.stringify(exceptions)) editCheck(state, check, { exceptions }, now)
  }
}
