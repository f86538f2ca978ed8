// Applies what a request of Healthchecks' API says to a check: `_lookup` and `_update` of hc/api/views.py.
import type { State } from '../../state/database.ts'
import { dropInvisible } from '../../text.ts'
import { SECOND } from '../../time.ts'
import { timeZoneId } from '../../time-zone.ts'
import type { Check, CheckChanges } from '../check.ts'
import { addCheck, type CheckDraft, editCheck, listChecks } from '../checks.ts'
import { type CheckDetails, EVERY_CHANNEL, listDetails, readDetails, saveDetails } from './check-details.ts'
import { type CheckSpec, isCron, SpecError } from './check-spec.ts'

/** The channels that a check can be given: by id or name. */
export type NamedChannel = { id: string; name: string }

/** A project's check, how it is changed, and by which version of the API. */
export type SpecTarget = {
  projectId: number
  version: number
  /** The zone of schedules that name none. */
  timeZone: string
  channels: readonly NamedChannel[]
  now: number
}

const DEFAULT_TIMEOUT_SECONDS = 86_400
const DEFAULT_GRACE_SECONDS = 3_600

/** The check of a project that `unique` finds; undefined for none, also when a field that it names is missing. */
export function findUnique(state: State, projectId: number, spec: CheckSpec): Check | undefined {
  const { unique = [] } = spec
  if (unique.length === 0 || unique.some(field => spec[field] === undefined)) return undefined
  const all = listChecks(state, { projectId })
  const details = listDetails(state, projectId, all)
  return all
    .map((check, place) => ({ check, details: details[place]! }))
    .sort((a, b) => a.check.id - b.check.id)
    .find(({ check, details }) => {
      const values = {
        ...{ name: details.apiName, slug: check.slug, tags: details.tags },
        timeout: check.every === null ? undefined : check.every / SECOND,
        grace: check.grace / SECOND,
      }
      return unique.every(field => values[field] === spec[field])
    })?.check
}

/** Adds the check that a request describes. Throws `SpecError` for an unknown channel. */
export function createFromSpec(state: State, spec: CheckSpec, target: SpecTarget, uuid?: string): Check {
  const { projectId, version, now } = target
  const channels = readChannels(spec.channels, target.channels)
  const apiName = spec.name ?? ''
  const draft: CheckDraft = {
    projectId,
    name: freeName(state, projectId, apiName || spec.slug || 'check'),
    timeZone: target.timeZone,
    every: DEFAULT_TIMEOUT_SECONDS * SECOND,
    everyDays: 0,
    cron: null,
    grace: DEFAULT_GRACE_SECONDS * SECOND,
    severity: 'critical',
    ...settingsOf(spec),
    ...(uuid === undefined ? {} : { uuid }),
    // Until version 3 the slug came from the name.
    ...(spec.slug !== undefined ? { slug: spec.slug } : version < 3 && apiName !== '' ? {} : { slug: '' }),
  }
  return state.transaction(() => {
    const check = addCheck(state, draft, now)
    return saveSpec(state, check, { ...readDetails(state, check), apiName, forName: check.name }, spec, channels, now)
  })
}

/** Changes a check as a request describes; what it does not name stays. Throws `SpecError` for an unknown channel. */
export function updateFromSpec(state: State, check: Check, spec: CheckSpec, target: SpecTarget): Check {
  const { version, now } = target
  const channels = readChannels(spec.channels, target.channels)
  return state.transaction(() => {
    const before = readDetails(state, check)
    const isRenamed = spec.name !== undefined && spec.name !== before.apiName
    const named = isRenamed ? rename(state, check, spec, target) : check
    const slug = spec.slug ?? (isRenamed && version < 3 ? named.slug : check.slug)
    const edited = editCheck(state, named, { ...settingsOf(spec), slug }, now)
    const details = { ...before, ...(isRenamed ? { apiName: spec.name! } : {}), forName: edited.name }
    return saveSpec(state, edited, details, spec, channels, now)
  })
}

function rename(state: State, check: Check, spec: CheckSpec, { projectId, now }: SpecTarget): Check {
  const base = spec.name || spec.slug || check.slug || 'check'
  const name = base === check.name ? base : freeName(state, projectId, base)
  return editCheck(state, check, { name }, now)
}

/**
 * Names are unique in Vakt, and not in Healthchecks: a name that is taken is numbered. They are one line, so that a command can
 * name the check.
 */
function freeName(state: State, projectId: number, name: string): string {
  const wanted = dropInvisible(name.replaceAll(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ')).trim() || 'check'
  const taken = new Set(listChecks(state, { projectId }).map(check => check.name))
  if (!taken.has(wanted)) return wanted
  for (let number = 2; ; number++) if (!taken.has(`${wanted} ${number}`)) return `${wanted} ${number}`
}

function settingsOf(spec: CheckSpec): CheckChanges {
  const { schedule, timeout, tz, grace, methods, manual_resume } = spec
  return {
    ...(schedule !== undefined && schedule !== ''
      ? {
          ...(isCron(schedule)
            ? { cron: schedule.trim(), onCalendar: null }
            : { cron: null, onCalendar: linesOf(schedule) }),
          every: null,
          everyDays: 0,
        }
      : timeout !== undefined
        ? { every: timeout * SECOND, everyDays: 0, cron: null, onCalendar: null }
        : {}),
    ...(tz === undefined ? {} : { timeZone: timeZoneId(tz) }),
    ...(grace === undefined ? {} : { grace: grace * SECOND }),
    ...(methods === undefined ? {} : { methods }),
    ...(manual_resume === undefined ? {} : { manualResume: manual_resume }),
  }
}

/** The expressions, one a line. */
function linesOf(schedule: string): string {
  return schedule
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .join('\n')
}

/** Stores the details, and the keywords that apply to pings over HTTP. */
function saveSpec(
  state: State,
  check: Check,
  before: CheckDetails,
  spec: CheckSpec,
  channels: readonly string[] | null | undefined,
  now: number,
): Check {
  const details = withKeywords(before, spec)
  if (spec.tags !== undefined) details.tags = spec.tags
  if (spec.desc !== undefined) details.description = spec.desc
  if (channels !== undefined) details.channels = channels
  saveDetails(state, details)
  const isFiltered = details.filterHttpBody
  return editCheck(
    state,
    check,
    {
      startKeywords: isFiltered ? details.startKeywords : '',
      successKeywords: isFiltered ? details.successKeywords : '',
      failureKeywords: isFiltered ? details.failureKeywords : '',
      defaultFail: isFiltered && details.filterDefaultFail,
    },
    now,
  )
}

function withKeywords(before: CheckDetails, spec: CheckSpec): CheckDetails {
  const details = { ...before }
  // `subject` and `subject_fail` are the old names of keywords in the subject of an e-mail.
  if (spec.subject !== undefined) details.successKeywords = spec.subject
  if (spec.subject_fail !== undefined) details.failureKeywords = spec.subject_fail
  if (spec.subject !== undefined || spec.subject_fail !== undefined)
    details.filterSubject = details.successKeywords !== '' || details.failureKeywords !== ''
  if (spec.start_kw !== undefined) details.startKeywords = spec.start_kw
  if (spec.success_kw !== undefined) details.successKeywords = spec.success_kw
  if (spec.failure_kw !== undefined) details.failureKeywords = spec.failure_kw
  if (spec.filter_subject !== undefined) details.filterSubject = spec.filter_subject
  if (spec.filter_body !== undefined) details.filterBody = spec.filter_body
  if (spec.filter_http_body !== undefined) details.filterHttpBody = spec.filter_http_body
  if (spec.filter_default_fail !== undefined) details.filterDefaultFail = spec.filter_default_fail
  return details
}

/** The ids of the channels that a request names; undefined when it names none, null for none at all: the routes decide. */
function readChannels(text: string | undefined, all: readonly NamedChannel[]): readonly string[] | null | undefined {
  if (text === undefined) return undefined
  if (text === '') return null
  if (text === EVERY_CHANNEL) return [EVERY_CHANNEL]
  const ids = text.split(',').map(name => {
    if (name === '') throw new SpecError('empty channel identifier')
    const matching = all.filter(channel => channel.id === name || channel.name === name)
    if (matching.length === 0) throw new SpecError(`invalid channel identifier: ${name}`)
    if (matching.length > 1) throw new SpecError(`non-unique channel identifier: ${name}`)
    return matching[0]!.id
  })
  return [...new Set(ids)]
}
