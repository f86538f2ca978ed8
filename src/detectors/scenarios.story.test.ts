// Simulated traffic with known faults through the whole app: every fault is one alert, and there is no other.
import { describe, expect, it } from 'vitest'
import { play, type Step } from '../simulation/play.ts'
import { readScenario } from '../simulation/read-scenario.ts'
import { DEMO_KEEP_FIRING } from '../simulation/stage.ts'
import { compare, expectations, type OpenedAlert, verdictLines } from '../simulation/truth.ts'
import { useLogs } from '../testing/logs-story.ts'
import { DAY, formatDuration, HOUR, SECOND } from '../time.ts'

const TARGETS = { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443 dns://example.org https://example.org' }

const logs = useLogs({ freshStore: true, environment: TARGETS, start: '2026-03-02T00:00:00Z' })

/** Plays a scenario to its end and compares the alerts with its faults; `each` is called after every step. */
async function playScenario(name: string, each: (step: Step) => void = () => {}) {
  const { scenario, tables } = readScenario(name)
  const beats = new Map<string, Awaited<ReturnType<typeof logs.app.hasCheck>>>()
  for (const source of scenario.sources)
    if (source.kind === 'beats') {
      const times = `--every ${formatDuration(source.every)} --grace ${formatDuration(source.grace)}`
      beats.set(source.name, await logs.app.hasCheck(`${source.name} ${times}`))
    }
  // As in the demo: an outage begins shortly before the next probe.
  await logs.app.clock.advance(1.3 * SECOND)
  const begin = logs.app.clock.now()
  const send = async (step: Step) => {
    if (step.kind === 'fault' && step.fault.kind === 'outage') logs.app.internet.up = step.phase === 'ends'
    if (step.kind === 'beat') await beats.get(step.source)!(step.signal === 'success' ? '' : `/${step.signal}`)
    if (step.kind !== 'lines') return
    const headers = { 'x-api-key': logs.key, 'content-type': step.contentType }
    const path = `/api/logs?${new URLSearchParams(step.query)}`
    const answer = await logs.app.request(path, { method: 'POST', headers, body: step.body })
    expect(await answer.json()).toMatchObject({ accepted: step.lines, rejected: 0 })
  }
  for (const step of play(scenario, { begin, tables })) {
    await logs.app.clock.advance(begin + step.at - logs.app.clock.now())
    await send(step)
    each(step)
  }
  const { alerts } = await logs.app.result<{ alerts: OpenedAlert[] }>('alerts history --limit 100')
  const verdict = compare(expectations(scenario, begin), alerts)
  process.stdout.write(`\n${name}\n${verdictLines(verdict).join('\n')}\n`)
  return verdict
}

describe('every fault is one alert, and there is no other', () => {
  it.each([
    ['default', 0],
    ['burst', 0],
    ['quiet-then-spike', 1],
    ['high-errors', 1],
  ])('in the scenario %s', async (name, faults) => {
    const verdict = await playScenario(name)
    expect(verdict).toMatchObject({ missed: [], wrong: [] })
    expect(verdict.found).toHaveLength(faults)
  })

  it('and in the demo each is resolved by itself before the end', async () => {
    await logs.app.result(`rules edit error-spikes --keep-firing ${DEMO_KEEP_FIRING}`)
    const verdict = await playScenario('demo')
    expect(verdict).toMatchObject({ missed: [], wrong: [] })
    await logs.app.passes('2s')
    const { alerts } = await logs.app.result<{ alerts: OpenedAlert[] }>('alerts list')
    expect([verdict.found.length, alerts]).toEqual([4, []])
    // The outage begins 23 s after the first alert; from then on no error is evaluated.
    const { fired_at, resolved_at } = verdict.found[0]!.alert
    expect(Date.parse(resolved_at!) - Date.parse(fired_at)).toBeLessThan(20 * SECOND)
  })

  it('in a day of a small shop', async () => {
    let known = false
    const verdict = await playScenario('day', ({ at }) => {
      if (known || at < HOUR) return
      known = true
      // The sources of the night also sent yesterday: a silence only fires for sources that are known for a day.
      logs.app.state.prepare('update sources set first_seen_at = first_seen_at - ?').run(DAY)
    })
    expect(verdict).toMatchObject({ missed: [], wrong: [], precision: 1, recall: 1 })
    expect(verdict.found).toHaveLength(13)
  })
})
