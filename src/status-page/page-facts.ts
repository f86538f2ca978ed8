// Reads what a status page shows at an instant.
import { knownMatcher, matchesAlert } from '../alerts/matcher.ts'
import { listMaintenances, type Maintenance } from '../alerts/suppression/maintenance-windows.ts'
import { type Check, shownStatus } from '../checks/check.ts'
import { readCheck } from '../checks/checks.ts'
import { readDownSpans } from '../checks/flips.ts'
import { checkKey } from '../detectors/missed-beat.ts'
import { type UpTime, upShare } from '../probes/availability.ts'
import { readUpTimeByDay } from '../probes/measurements.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { DAY } from '../time.ts'
import {
  componentState,
  downByDay,
  firstDay,
  pageState,
  SHOWN_DAYS,
  type ShownComponent,
  type ShownMaintenance,
  type ShownPage,
  type StatusComponent,
  type StatusPage,
} from './status-page.ts'
import { listComponents } from './status-pages.ts'

/** Maintenance is announced this long before it begins, ms. */
const ANNOUNCED_MS = 7 * DAY

type Planned = { component: StatusComponent; check: Check; windows: readonly Maintenance[] }

/** What strangers see of a page at `now`. */
export function readShownPage(state: State, page: StatusPage, now: number): ShownPage {
  const planned = listMaintenances(state).filter(({ ended, startsAt }) => !ended && startsAt <= now + ANNOUNCED_MS)
  const parts = listComponents(state, page).flatMap((component): Planned[] => {
    const check = readCheck(state, component.checkId)
    return check ? [{ component, check, windows: windowsOf(state, check, planned) }] : []
  })
  const shown = parts.map(part => ({ section: part.component.section, component: showComponent(state, part, now) }))
  const sections = [...Map.groupBy(shown, ({ section }) => section)].map(([name, list]) => ({
    name,
    components: list.map(({ component }) => component),
  }))
  const isDown = shown.some(({ component }) => component.state === 'down')
  return {
    slug: page.slug,
    title: page.title,
    about: page.about,
    state: pageState(shown.map(({ component }) => component.state)),
    message:
      page.message !== null
        ? { text: page.message, at: page.messageAt }
        : isDown
          ? { text: page.whenDown, at: null }
          : null,
    sections,
    maintenance: showMaintenance(planned, parts, now),
    updatedAt: now,
  }
}

/** The planned maintenance that would suppress the alerts of a check. */
function windowsOf(state: State, check: Check, planned: readonly Maintenance[]): Maintenance[] {
  const project = readProjectById(state, check.projectId)?.name ?? null
  const labels = {
    check: check.name,
    ...(check.host === null ? {} : { host: check.host }),
    ...(check.dependsOn === null ? {} : { depends_on: check.dependsOn }),
    ...(check.lan ? { lan: 'yes' } : {}),
  }
  const { severity, owner } = check
  const alert = {
    // What every title of its alerts begins with: words of a matcher are looked for there.
    title: check.name,
    severity,
    owner,
    detector: check.probed ? 'probe' : 'missed-beat',
    key: checkKey(check),
    labels,
  }
  return planned.filter(
    ({ projectId, matcher }) =>
      (projectId === null || projectId === check.projectId) && matchesAlert(knownMatcher(matcher), alert, project),
  )
}

function showComponent(state: State, { component, check, windows }: Planned, now: number): ShownComponent {
  const isInMaintenance = windows.some(({ startsAt, endsAt }) => startsAt <= now && endsAt > now)
  const failures = readDownSpans(state, check, firstDay(now), now)
  const days = check.probed ? measuredDays(state, check, now) : downByDay(check, failures, now)
  const total = days.reduce((sum, day) => ({ upMs: sum.upMs + day.upMs, downMs: sum.downMs + day.downMs }))
  const status = componentState(shownStatus(check, now), isInMaintenance)
  const open = failures.find(({ until }) => until >= now)
  return {
    name: component.name,
    slug: component.slug,
    state: status,
    downSince: status === 'down' ? (open?.from ?? check.missedAt) : null,
    days: days.map(upShare),
    availability: upShare(total),
  }
}

function measuredDays(state: State, check: Check, now: number): UpTime[] {
  const first = firstDay(now)
  const measured = new Map(readUpTimeByDay(state, check.id, first, now).map(day => [day.day, day]))
  return Array.from({ length: SHOWN_DAYS }, (_, i) => measured.get(first + i * DAY) ?? { upMs: 0, downMs: 0 })
}

function showMaintenance(planned: readonly Maintenance[], parts: readonly Planned[], now: number): ShownMaintenance[] {
  return planned
    .map(maintenance => ({
      from: maintenance.startsAt,
      until: maintenance.endsAt,
      isActive: maintenance.startsAt <= now,
      components: parts.filter(({ windows }) => windows.includes(maintenance)).map(({ component }) => component.name),
    }))
    .filter(({ components, until }) => components.length > 0 && until > now)
}
