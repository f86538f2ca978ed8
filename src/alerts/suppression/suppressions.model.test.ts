// Random sequences of alerts, silences and causes: what is suppressed and what is shown equals a simple model.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Finding } from '../../detectors/finding.ts'
import { checks } from '../../state/schema/index.ts'
import { startDelivery } from '../../testing/delivery.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'
import type { Alert } from '../alert.ts'
import { listAlerts } from '../alerts.ts'
import { endAlert, fireAlert } from '../lifecycle.ts'
import { addSilence, endSilence, listSilences } from './silences.ts'
import { sweepSuppressions } from './sweep.ts'

/** The checks of the story: their hosts, and what they depend on; `e` and `f` depend on one another. */
const CHECKS = [
  { name: 'a', host: 'h1', dependsOn: null },
  { name: 'b', host: 'h1', dependsOn: 'a' },
  { name: 'c', host: 'h2', dependsOn: 'b' },
  { name: 'd', host: null, dependsOn: null },
  { name: 'e', host: null, dependsOn: 'f' },
  { name: 'f', host: 'h2', dependsOn: 'e' },
] as const
const HOSTS = ['h1', 'h2'] as const

type Step =
  | { do: 'fire' | 'end'; what: string }
  | { do: 'silence'; label: 'check' | 'host'; value: string; minutes: number }
  | { do: 'unsilence' }
  | { do: 'pass'; seconds: number }

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('fire' as const), what: fc.constantFrom(...'abcdef', ...HOSTS) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('end' as const), what: fc.constantFrom(...'abcdef', ...HOSTS) }),
    },
    {
      weight: 2,
      arbitrary: fc.oneof(
        fc.record({
          do: fc.constant('silence' as const),
          label: fc.constant('check' as const),
          value: fc.constantFrom(...'abcdef'),
          minutes: fc.integer({ min: 1, max: 6 }),
        }),
        fc.record({
          do: fc.constant('silence' as const),
          label: fc.constant('host' as const),
          value: fc.constantFrom(...HOSTS),
          minutes: fc.integer({ min: 1, max: 6 }),
        }),
      ),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'unsilence' as const }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 100 }) }),
    },
  ),
  { minLength: 5, maxLength: 40 },
)

it('suppresses what is silenced or inhibited, shows everything else once, and loses nothing', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async course => {
      const world = await startWorld()
      for (const step of course) await world.takes(step)
      for (const silence of listSilences(world.state, { ended: false, limit: 100 }))
        await world.takes({ do: 'unsilence', silence } as Step)
      await world.takes({ do: 'pass', seconds: 2 * 3600 })
      expect(world.open().filter(alert => alert.suppression !== null && alert.suppression !== 'inhibition')).toEqual([])
    }),
    { numRuns: 12 },
  )
})

async function startWorld() {
  const delivery = await startDelivery('chat')
  const { state, clock } = delivery
  const posted = new Set<number>()
  state.prepare(`insert into projects (id, name, ping_key, remind_every, created_at) values (1, 'p', 'k', 0, 0)`).run()
  for (const [i, check] of CHECKS.entries()) {
    const row = { every: HOUR, timeZone: 'UTC', grace: MINUTE, severity: 'critical', status: 'up' } as const
    const named = { id: i + 1, projectId: 1, slug: check.name, uuid: `u${i}`, createdAt: 0 }
    state.db
      .insert(checks)
      .values({ ...row, ...named, ...check })
      .run()
  }
  const open = () => listAlerts(state, { open: true, limit: -1 }).filter(alert => alert.detector !== 'notice')
  const apply = async (work: () => void) => {
    await delivery.change(() =>
      state.transaction(() => {
        work()
        sweepSuppressions(state, clock.now())
      }),
    )
    const silences = listSilences(state, { ended: false, limit: 100 })
    for (const alert of open()) {
      expect({ title: alert.title, ...suppressionOf(alert) }).toEqual({
        title: alert.title,
        ...modelOf(alert, open(), silences, clock.now()),
      })
      if (alert.suppression === null) posted.add(alert.id)
    }
    const shown = delivery
      .channel('chat')
      .messages.map(message => message.card.title)
      .filter(title => !title.startsWith('Silence'))
    const wanted = listAlerts(state, { limit: -1 }).filter(alert => posted.has(alert.id))
    const word = (alert: Alert) => `${alert.state === 'resolved' ? 'Resolved' : 'Critical'}: ${alert.title}`
    expect(shown.sort()).toEqual(wanted.map(word).sort())
  }
  return {
    state,
    open,
    async takes(step: Step) {
      const now = clock.now()
      if (step.do === 'fire') return apply(() => void fireAlert(state, findingOf(step.what, now), now))
      if (step.do === 'silence') {
        const matcher = `${step.label}:${step.value}`
        const draft = { projectId: null, matcher, reason: null, by: 'Ann', endsAt: now + step.minutes * MINUTE }
        return apply(() => void addSilence(state, draft, now))
      }
      if (step.do === 'unsilence') {
        const silence = listSilences(state, { ended: false, limit: 1 })[0]
        return silence && apply(() => void endSilence(state, silence, 'Ann', now))
      }
      if (step.do !== 'pass') return apply(() => void endAlert(state, keyOf(step.what), null, now))
      const ticks = Math.min(step.seconds, 100)
      for (let i = 0; i < ticks; i += 5) {
        await clock.advance((step.seconds / ticks) * 5 * SECOND)
        await apply(() => {})
      }
    },
  }
}

/** What suppresses an alert as it is stored: a silence, its root cause, or nothing (also while it waits for a cause). */
function suppressionOf(alert: Alert) {
  if (alert.suppression === 'silence') return { by: 'silence' }
  return { by: alert.suppression === 'inhibition' ? alert.suppressorId : null }
}

function modelOf(
  alert: Alert,
  open: readonly Alert[],
  silences: readonly { matcher: string; endsAt: number }[],
  now: number,
) {
  const { check, host } = alert.labels
  if (silences.some(silence => silence.endsAt > now && [`check:${check}`, `host:${host}`].includes(silence.matcher)))
    return { by: 'silence' }
  if (alert.suppression === 'awaiting-cause') expect(alert.suppressedUntil).toBeGreaterThan(now)
  const path = [alert]
  for (;;) {
    const next = causeOf(path.at(-1)!, open)
    if (!next) return { by: path.length === 1 ? null : path.at(-1)!.id }
    const circle = path.slice(path.findIndex(alert => alert.id === next.id))
    if (path.some(alert => alert.id === next.id)) {
      const oldest = Math.min(...circle.map(alert => alert.id))
      return { by: oldest === alert.id ? null : oldest }
    }
    path.push(next)
  }
}

function causeOf(alert: Alert, open: readonly Alert[]): Alert | undefined {
  const down = open.find(other => other.labels.role === 'host-down' && other.labels.host === alert.labels.host)
  if (down && alert.labels.role === undefined) return down
  const seen = new Set<string>()
  for (let name = alert.labels.depends_on; name !== undefined && !seen.has(name); ) {
    seen.add(name)
    const found = open.find(other => other.labels.check === name && other.id !== alert.id)
    if (found) return found
    name = CHECKS.find(check => check.name === name)!.dependsOn ?? undefined
  }
  return undefined
}

function keyOf(what: string): string {
  const checkId = checkIdOf(what)
  return checkId === null ? `host:${what}` : `check:${checkId}`
}

function checkIdOf(what: string): number | null {
  const i = CHECKS.findIndex(check => check.name === what)
  return i < 0 ? null : i + 1
}

function findingOf(what: string, now: number): Finding {
  const check = CHECKS.find(check => check.name === what)
  const labels: Record<string, string> = check ? { check: what, miss: 'silent' } : { role: 'host-down', host: what }
  if (check?.host) labels.host = check.host
  if (check?.dependsOn) labels.depends_on = check.dependsOn
  const checkId = checkIdOf(what)
  return {
    ...(checkId === null ? {} : { checkId }),
    ...{
      key: keyOf(what),
      detector: 'missed-beat',
      projectId: check ? 1 : null,
      severity: 'critical',
      title: `${what} is ill`,
    },
    ...{ since: now, owner: null, remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels },
  }
}
