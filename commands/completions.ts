// What autocomplete offers: names that hold what was typed, those that begin with it first.
import { listAlerts } from '../src/alerts/alerts.ts'
import type { Choice } from '../src/chat/channel.ts'
import { listChecks } from '../src/checks/checks.ts'
import { listKeys } from '../src/projects/keys.ts'
import { listProjects } from '../src/projects/projects.ts'
import type { State } from '../src/state/database.ts'
import { commands } from './index.ts'

const MOST = 25

/** The choices of a list for what has been typed so far, at most 25. */
export function completions(state: State, list: string, typed: string): readonly Choice[] {
  const source = SOURCES[list]
  return source ? ranked(source(state, typed), typed) : []
}

const same = (value: string): Choice => ({ name: value, value })

const SOURCES: Record<string, (state: State, typed: string) => Choice[]> = {
  check: (state, typed) => listChecks(state, { matching: typed, limit: MOST }).map(check => same(check.name)),
  project: state => listProjects(state).map(project => same(project.name)),
  key: state =>
    listKeys(state)
      .filter(({ key }) => key.revokedAt === null)
      .map(({ key, project }) => ({ name: `${key.id} (${project})`, value: key.id })),
  alert: state =>
    listAlerts(state, { open: true, limit: 100 }).map(alert => ({
      name: `${alert.id} ${alert.title}`,
      value: String(alert.id),
    })),
  command: () => commands.map(command => same(command.name)),
  zone: () => ['UTC', ...Intl.supportedValuesOf('timeZone')].map(same),
}

function ranked(choices: readonly Choice[], typed: string): Choice[] {
  const part = typed.toLowerCase()
  const fits = choices.filter(choice => choice.name.toLowerCase().includes(part))
  const starts = fits.filter(choice => choice.name.toLowerCase().startsWith(part))
  return [...starts, ...fits.filter(choice => !starts.includes(choice))].slice(0, MOST)
}
