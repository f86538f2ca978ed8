// The choices of autocomplete: names that contain the typed text, those that begin with it first.
import { listAlerts } from '../src/alerts/alerts.ts'
import { listMaintenances } from '../src/alerts/suppression/maintenance-windows.ts'
import { listSilences } from '../src/alerts/suppression/silences.ts'
import type { Choice } from '../src/chat/channel.ts'
import { listChecks } from '../src/checks/checks.ts'
import { listRules } from '../src/detectors/rules/rules.ts'
import { listActions } from '../src/hosts/actions/actions.ts'
import { listContainers } from '../src/hosts/containers/containers.ts'
import { listHosts } from '../src/hosts/hosts.ts'
import { listArchives } from '../src/logs/archives.ts'
import { listErrors } from '../src/logs/errors/errors.ts'
import type { CachedField, NameCache } from '../src/logs/name-cache.ts'
import { ALL_PROJECTS, listSearches } from '../src/logs/searches.ts'
import { listAnalyzers } from '../src/notifications/analyzers/analyzers.ts'
import { listReports } from '../src/notifications/reports/reports.ts'
import { listChannels } from '../src/notifications/routing/channels.ts'
import { listEscalations } from '../src/notifications/routing/escalations.ts'
import { listPeople } from '../src/notifications/routing/people.ts'
import { listRotations } from '../src/notifications/routing/rotations.ts'
import { listRoutes } from '../src/notifications/routing/routes.ts'
import { listKeys } from '../src/projects/keys.ts'
import { listProjects } from '../src/projects/projects.ts'
import type { State } from '../src/state/database.ts'
import { listPages } from '../src/status-page/status-pages.ts'
import { TARGETS } from './connect/targets.ts'
import { commands } from './index.ts'

/** Discord shows no more choices. */
const MAX_CHOICES = 25

/** The choices of a list for the text typed so far, at most 25. */
export function completions(
  state: State,
  list: string,
  typed: string,
  names: NameCache | null = null,
  scenarios: () => readonly string[] = () => [],
): readonly Choice[] {
  if (list === 'log query') return queryChoices(state, typed, names)
  if (list === 'scenario') return ranked(scenarios().map(same), typed)
  const source = SOURCES[list]
  return source ? ranked(source(state, typed), typed) : []
}

const same = (value: string): Choice => ({ name: value, value })

const SOURCES: Record<string, (state: State, typed: string) => Choice[]> = {
  check: (state, typed) => listChecks(state, { matching: typed, limit: MAX_CHOICES }).map(check => same(check.name)),
  connect: () => TARGETS.map(({ name, title }) => ({ name: `${name}: ${title}`, value: name })),
  analyzer: state => listAnalyzers(state).map(({ name }) => same(name)),
  action: state => listActions(state).map(({ name }) => same(name)),
  host: state => listHosts(state).map(host => same(host.name)),
  container: state => {
    const names = new Map(listHosts(state).map(host => [host.id, host.name]))
    return listContainers(state).map(({ hostId, name }) => same(`${names.get(hostId)}/${name}`))
  },
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
  archive: state => listArchives(state, 100).map(({ name }) => same(name)),
  channel: state => listChannels(state).map(row => ({ name: `${row.name} (${row.id})`, value: row.id })),
  rule: state => listRules(state).map(({ name }) => same(name)),
  error: state =>
    listErrors(state, { limit: 100 }).map(row => ({
      name: `${row.fingerprint} ${row.source}: ${row.samples.at(-1)?.message ?? ''}`.slice(0, 100).toWellFormed(),
      value: row.fingerprint,
    })),
  route: state => listRoutes(state).map(({ name }) => same(name)),
  escalation: state => listEscalations(state).map(({ name }) => same(name)),
  report: state => listReports(state).map(({ name }) => same(name)),
  rotation: state => listRotations(state).map(({ name }) => same(name)),
  person: state => listPeople(state).map(({ name }) => same(name)),
  silence: state =>
    listSilences(state, { ended: false, limit: 100 }).map(row => ({
      name: `${row.id} ${row.matcher}`,
      value: String(row.id),
    })),
  maintenance: state => listMaintenances(state).map(({ name }) => same(name)),
  'status page': state => listPages(state).map(({ slug }) => same(slug)),
  command: () => commands.map(command => same(command.name)),
  zone: () => ['UTC', ...Intl.supportedValuesOf('timeZone')].map(same),
}

const PREFIXES = [
  'level>=warn',
  'level>=error',
  'last:15m',
  'last:1h',
  'last:1d',
  'source:',
  'host:',
  'group:',
  'tag:',
  'project:',
]

/** The query with its last word completed: to a name after a field such as `host:`, else to a field or a saved search. */
function queryChoices(state: State, typed: string, names: NameCache | null): Choice[] {
  const [, before = '', word = ''] = /^(.*?)(\S*)$/s.exec(typed) ?? []
  const [, field, part] = /^-?(source|host|group|tag|project):(.*)$/.exec(word) ?? []
  const values =
    field === undefined
      ? [...PREFIXES, ...listSearches(state, ALL_PROJECTS).map(({ name }) => `@${name}`)].filter(prefix =>
          prefix.startsWith(word),
        )
      : namesOf(state, field, names)
          .filter(name => name.toLowerCase().startsWith(part!.toLowerCase()))
          .map(name => `${field}:${/[\s"()]/.test(name) ? `"${name}"` : name}`)
  const minus = word.startsWith('-') ? '-' : ''
  return values
    .slice(0, MAX_CHOICES)
    .map(value => same(`${before}${minus}${value}`))
    .filter(choice => choice.value.length <= 100)
}

function namesOf(state: State, field: string, names: NameCache | null): readonly string[] {
  if (field === 'project') return listProjects(state).map(project => project.name)
  return names?.namesOf(field as CachedField) ?? []
}

function ranked(choices: readonly Choice[], typed: string): Choice[] {
  const part = typed.toLowerCase()
  const matching = choices.filter(choice => choice.name.toLowerCase().includes(part))
  const starts = matching.filter(choice => choice.name.toLowerCase().startsWith(part))
  return [...starts, ...matching.filter(choice => !starts.includes(choice))].slice(0, MAX_CHOICES)
}
