// Reads the calendars that a new setting names, before the check is stored.
import { readCalendar, readCalendarSource } from '../../src/checks/exceptions/calendar-reader.ts'
import { saveCalendar } from '../../src/checks/exceptions/calendars.ts'
import { readExcept } from '../../src/checks/exceptions/exception.ts'
import { Problem } from '../../src/problem.ts'
import type { Context } from '../context.ts'

/**
 * Reads and stores the calendars in an `--except`. Throws `forbidden` for those who are not admins, because Vakt opens the file or
 * URL itself, and `invalid` with the reason when it cannot.
 */
export async function readNamedCalendars(except: string | undefined, context: Context): Promise<void> {
  if (except === undefined || except === 'none') return
  const { state, clock, by } = context
  for (const source of readExcept(except).calendars) {
    if (by.role !== 'admin' || by.project !== undefined) {
      throw new Problem(
        'forbidden',
        'Vakt reads a calendar from its own machine and network, so only admins name one. Days, such as 2026-12-24, need no admin.',
      )
    }
    const exceptions = await readCalendar(await readCalendarSource(source), clock.now())
    saveCalendar(state, source, exceptions, clock.now())
  }
}
