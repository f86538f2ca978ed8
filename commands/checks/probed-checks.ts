// Adds and edits checks that are probes: the check and what it asks change together.
import { endAlert } from '../../src/alerts/lifecycle.ts'
import type { Text } from '../../src/card.ts'
import type { Check } from '../../src/checks/check.ts'
import { addCheck } from '../../src/checks/checks.ts'
import { describeProbing } from '../../src/checks/schedule.ts'
import { type Answer, kebab } from '../../src/command/command.ts'
import { isPublicAddress } from '../../src/connectivity/ip-address.ts'
import type { PingUnavailable } from '../../src/connectivity/ping.ts'
import { certificateKey, expectation } from '../../src/detectors/probe-failure.ts'
import { canPing } from '../../src/probes/doors/icmp.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { probeKind } from '../../src/probes/probe-kinds.ts'
import { addProbe, countProbes, editProbe, type NewProbe, readProbe } from '../../src/probes/probes.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { forgetViews } from '../../src/satellites/views.ts'
import { plural } from '../../src/text.ts'
import type { Context } from '../context.ts'
import { checkResult, dependencyLines, nameInLine } from './check-card.ts'
import { draftOf } from './check-settings.ts'
import { viewpointLines } from './probe-card.ts'
import { type ProbeSettings, probeDefaults, readProbeSettings, refuseBeatSettings } from './probe-settings.ts'

/** How many probes a project may have before only an admin adds more. */
const MAX_PROBES = 200

type Settings = Parameters<typeof draftOf>[0]

/** Adds a check with its probe and answers as `checks add` does. An icmp probe is refused where nothing can ping. */
export function addProbedCheck(
  draft: {
    name: string
    projectId: number
    timeZone: string | null
    settings: Settings
    probe: Omit<NewProbe, 'checkId'>
  },
  context: Context,
): Answer | Promise<Answer> {
  if (draft.probe.kind !== 'icmp') return add(draft, context)
  return canPing().then(
    () => add(draft, context),
    (error: PingUnavailable) => {
      throw invalid('probe', error.message)
    },
  )
}

function add(
  { name, projectId, timeZone, settings, probe }: Parameters<typeof addProbedCheck>[0],
  context: Context,
): Answer {
  const { state, now } = context
  const defaults = probeDefaults(probe)
  const hasTimes = settings.cron !== undefined || settings.onCalendar !== undefined
  const every = hasTimes ? undefined : (settings.every ?? { days: 0, ms: defaults.every })
  refuseBeatSettings(settings, context)
  if (probe.reach === 'public' && countProbes(state, projectId) >= MAX_PROBES)
    throw new Problem(
      'conflict',
      `The project has ${MAX_PROBES} probes already. Remove some, or ask an admin to add it.`,
    )
  const after = settings.after ?? defaults.after
  const severity = settings.severity ?? defaults.severity
  const row = draftOf({ ...settings, every, after, severity }, context, timeZone ?? undefined, name)
  const { check, added } = state.transaction(() => {
    const check = addCheck(state, { ...row, name, projectId, probed: true }, now)
    return { check, added: addProbe(state, { ...probe, checkId: check.id }) }
  })
  const named = nameInLine(check, context)
  return {
    card: {
      title: `Check ${check.name} added`,
      tone: 'good',
      lines: [
        expectation(added),
        `Vakt probes ${describeProbing(check)}, and alerts after ${plural(check.after, 'failure')} in a row.`,
        ...viewpointLines(added),
        ...hints(check, added, settings),
        ...dependencyLines(check, context),
      ],
      buttons: [
        { label: 'Probe now', line: `checks probe ${named}` },
        { label: 'Show', line: `checks show ${named}` },
      ],
    },
    result: checkResult(context, check),
  }
}

/** Changes what a probe asks; whether there was something to change. Throws `invalid` for settings of the wrong sort. */
export function editProbedCheck(check: Check, settings: ProbeSettings, others: Settings, context: Context): boolean {
  const [first] = Object.entries(settings).find(([, value]) => value !== undefined) ?? []
  if (!check.probed) {
    if (first === undefined) return false
    throw invalid(kebab(first), `The check "${check.name}" waits for beats. Add a check of its own for a probe.`)
  }
  refuseBeatSettings(others, context)
  if (first === undefined) return false
  const probe = readProbe(context.state, check.id)!
  const changes = readProbeSettings(settings, probe, context)
  endAlert(context.state, certificateKey(check), context.by.name, context.now)
  editProbe(context.state, check.id, changes)
  forgetViews(context.state, check.id)
  return true
}

function hints(check: Check, probe: Probe, settings: Settings): Text[] {
  const host = probeKind(probe.kind).hostOf(probe.target)
  const isNear = host === 'localhost' || (host !== null && /^[\d.]+$|:/.test(host) && !isPublicAddress(host))
  return [
    ...(isNear && !check.lan
      ? ['It is in the local network: with --lan it is probed while Vakt is offline, too.']
      : []),
    ...(settings.grace === undefined
      ? []
      : ['--grace has no effect on a probe; --after sets how many failures it takes.']),
  ]
}
