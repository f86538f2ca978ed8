// Finds routes, escalations and reports that reference a channel, person or rotation, so it cannot be removed while in use.
import type { State } from '../../state/database.ts'
import { escalations, reports, routes } from '../../state/schema/index.ts'

/** The routes, escalations and reports with a word that matches, each as `route payments`. */
export function referencesTo(state: State, matches: (word: string) => boolean): string[] {
  const matching = (kind: string, rows: readonly { name: string; words: readonly string[] }[]) =>
    rows.filter(({ words }) => words.some(matches)).map(({ name }) => `${kind} ${name}`)
  const { db } = state
  const allRoutes = db.select().from(routes).all()
  return [
    ...matching(
      'route',
      allRoutes.map(({ name, channels, mention }) => ({ name, words: [...channels, ...mention] })),
    ),
    ...matching('escalation', db.select({ name: escalations.name, words: escalations.to }).from(escalations).all()),
    ...matching('report', db.select({ name: reports.name, words: reports.channels }).from(reports).all()),
  ]
}
