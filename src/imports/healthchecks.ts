// Checks of Healthchecks: what its API lists, kept in a file or asked for now.
import { readSpec, SpecError } from '../checks/healthchecks/check-spec.ts'
import { Problem } from '../problem.ts'
import { formatPeriod, SECOND } from '../time.ts'
import { type ForeignCheck, type ForeignProgram, objectOf, textAt } from './foreign-check.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** Fields of the API that say how a check is, not how it is set. */
const OLD_NAMES = ['subject', 'subject_fail', 'channels', 'unique']

export const healthchecks: ForeignProgram = {
  name: 'healthchecks',
  title: 'Healthchecks',
  howToExport:
    'Give the address of the server and a read-write key of the project (--key), or a file: curl -H "X-Api-Key: KEY" https://healthchecks.io/api/v3/checks/ > checks.json',
  api: { path: '/api/v3/checks/', keyHeader: 'X-Api-Key' },
  read(json) {
    const checks = Array.isArray(json) ? json : objectOf(json).checks
    if (!Array.isArray(checks))
      throw new Problem(
        'invalid',
        'That is no list of checks of Healthchecks: it has no "checks". Save what /api/v3/checks/ answers.',
        {
          fields: { from: 'has no "checks"' },
        },
      )
    return checks.map(readCheck)
  },
}

/** A number of seconds as a period; Healthchecks counts hours, not days of the wall clock. */
function everyText(seconds: string): string {
  const ms = Number(seconds) * SECOND
  return ms > 0 ? formatPeriod({ days: 0, ms }) : `${seconds} s`
}

function readCheck(value: unknown): ForeignCheck {
  const document = objectOf(value)
  const uuid = textAt(document, 'uuid').toLowerCase() || uuidIn(textAt(document, 'ping_url'))
  const name = textAt(document, 'name') || textAt(document, 'slug') || uuid.slice(0, 8) || 'check'
  const schedule = textAt(document, 'schedule')
  const about = schedule === '' ? `a beat every ${everyText(textAt(document, 'timeout'))}` : `a beat at "${schedule}"`
  const isPaused = document.status === 'paused'
  const base = { name, about, isPaused }
  if (!UUID.test(uuid))
    return {
      ...base,
      refused: 'It has no uuid, so its ping URL cannot be kept: a read-only key hides it. Use a read-write key.',
    }
  try {
    const fields = Object.entries(document).filter(([field, set]) => !OLD_NAMES.includes(field) && set !== null)
    const spec = readSpec(Object.fromEntries(fields))
    return {
      ...base,
      refused: null,
      beats: { uuid, spec: { ...spec, name: textAt(document, 'name') }, pushToken: null },
    }
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    return { ...base, refused: `${error.message.replace('json validation error: ', '')}.` }
  }
}

function uuidIn(url: string): string {
  return /[0-9a-f-]{36}$/.exec(url)?.[0] ?? ''
}
