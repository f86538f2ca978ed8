// What still leads to a channel, a person or a rotation, so that none is taken away under an alert that needs it.
import type { State } from '../../state/database.ts'
import { escalations, reports, routes } from '../../state/schema/index.ts'

/** The routes, escalations and reports that name a word that fits, as `route payments`. */
export function referencesTo(state: State, fits: (word: string) => boolean): string[] {
  const named = (kind: string, rows: readonly { name: string; words: readonly string[] }[]) =>
    rows.filter(({ words }) => words.some(fits)).map(({ name }) => `${kind} ${name}`)
  const { db } = state
  const all = db.select().from(routes).all()
  return [
    ...named(
      'route',
      all.map(one => ({ name: one.name, words: [...one.channels, ...one.mention] })),
    ),
    ...named('escalation', db.select({ name: escalations.name, words: escalations.to }).from(escalations).all()),
    ...named('report', db.select({ name: reports.name, words: reports.channels }).from(reports).all()),
  ]
}
