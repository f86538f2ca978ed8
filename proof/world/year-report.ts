// What people were told in a year of real life, against the list of what broke.
import type { Chat } from '../../src/testing/world/chat.ts'
import type { PlannedFault } from '../../src/testing/world/year.ts'
import { HOUR } from '../../src/time.ts'

/** A chat that is down for an hour, and Vakt's back-off after it, delay a report this long at most. */
const MOST_DELAYED_MS = 3 * HOUR

type Report = { alert: number; about: string; at: number }

export type YearReport = { planned: number; reported: number; matched: number; wrong: string[] }

/** Compares the cards of all chats with the faults; `start` is the beginning of the year, epoch ms. */
export function compareYear(faults: readonly PlannedFault[], chats: readonly Chat[], start: number): YearReport {
  const reports = readReports(chats)
  const expected = faults.filter(({ isMuted }) => !isMuted)
  const wrong: string[] = []
  let matched = 0
  for (const { check, kind, from } of expected) {
    const earliest = start + from
    const place = reports.findIndex(
      ({ about, at }) => about === check && at >= earliest && at <= earliest + MOST_DELAYED_MS,
    )
    if (place < 0) wrong.push(`not reported: ${check} ${kind} at ${new Date(earliest).toISOString()}`)
    else {
      reports.splice(place, 1)
      matched++
    }
  }
  for (const { about, at } of reports)
    wrong.push(`reported without a reason: ${about} at ${new Date(at).toISOString()}`)
  return { planned: expected.length, reported: matched + reports.length, matched, wrong }
}

/** Each alert of a job or an error once, when the first chat showed it. */
function readReports(chats: readonly Chat[]): Report[] {
  const reports = new Map<number, Report>()
  for (const { card, shownAt } of chats.flatMap(({ messages }) => messages)) {
    const alert = Number(/^Alert (\d+)/.exec(String([card.footer].flat(2)[0]))?.[1] ?? 0)
    const about =
      /new error: .*\bcannot reach (\w+)/.exec(card.title)?.[1] ??
      /^\w+: ([\w-]+) (?:sent|started|reported|ran|failed)/.exec(card.title)?.[1]
    const known = reports.get(alert)
    if (about !== undefined && (!known || shownAt < known.at)) reports.set(alert, { alert, about, at: shownAt })
  }
  return [...reports.values()].sort((a, b) => a.at - b.at)
}
