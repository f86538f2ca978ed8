// Whom alerts must reach, in plain words: which chats a new alert goes to, which comes later, and who is on duty.

export type Severity = 'critical' | 'warning' | 'info'

/** The routes of a world in their order, its escalation, and its rotation. */
export type Routing = {
  routes: readonly {
    name: string
    from: 'critical' | 'warning' | null
    chats: readonly string[]
    continues: boolean
    mentions: boolean
  }[]
  /** A critical alert that nobody took for so long comes to another chat. */
  escalation: { afterMs: number; chat: string }
  rotation: { members: readonly string[]; hour: number; zone: string }
}

/** A change of the routes, as of what Vakt's clock showed. */
export type RouteChange = { at: number; routes: Routing['routes']; isCertain: boolean }

/** Somebody stands in for whoever is on duty. */
export type StandIn = { who: string; from: number; to: number; isCertain: boolean }

const RANKS = ['info', 'warning', 'critical']

/** The chats that hear of an alert first, and whether they name whoever is on duty. */
export function firstTold(routes: Routing['routes'], severity: Severity): Map<string, { mentions: boolean }> {
  const told = new Map<string, { mentions: boolean }>()
  for (const route of routes) {
    if (route.from !== null && RANKS.indexOf(severity) < RANKS.indexOf(route.from)) continue
    for (const chat of route.chats) {
      const mentions = severity === 'critical' && route.mentions
      told.set(chat, { mentions: mentions || (told.get(chat)?.mentions ?? false) })
    }
    if (!route.continues) break
  }
  return told
}

/** Who is on duty at `at`: the first member from `since` on, and the next one after each handover. Null where it is not certain. */
export function onDuty(
  { members, hour, zone }: Routing['rotation'],
  standIns: readonly StandIn[],
  since: number,
  at: number,
): string | null {
  const standIn = standIns.findLast(({ from, to }) => from <= at && at < to)
  if (standIn) return standIn.isCertain ? standIn.who : null
  const dayOf = (ms: number) => {
    const wall = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)
    const day = wall.toPlainDate()
    return wall.hour >= hour ? day : day.subtract({ days: 1 })
  }
  const handovers = dayOf(since).until(dayOf(at), { largestUnit: 'days' }).days
  return members[handovers % members.length]!
}
