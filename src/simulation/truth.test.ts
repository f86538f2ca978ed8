// Alerts against what is known to have gone wrong.
import { describe, expect, it } from 'vitest'
import { parseScenario } from './read-scenario.ts'
import { compare, expectations, type OpenedAlert, verdictLines } from './truth.ts'

const BEGIN = Date.parse('2026-03-02T09:00:00Z')
const scenario = parseScenario(
  `{name: t, duration: 1h, sources: [{kind: json, name: api, rate: 1}, {kind: beats, name: backup, every: 1m, grace: 1m}], faults: [
    {kind: missed-beat, name: no backup, source: backup, at: 10m, for: 5m},
    {kind: failure, name: bad backup, source: backup, at: 30m, for: 5m}]}`,
  'test',
)
const alert = (id: number, minute: number, title = 'backup sent no beat', detector = 'missed-beat'): OpenedAlert => ({
  id,
  detector,
  title,
  fired_at: new Date(BEGIN + minute * 60_000).toISOString(),
  resolved_at: id === 2 ? null : new Date(BEGIN + minute * 60_000 + 5_000).toISOString(),
})
const verdictOf = (...alerts: OpenedAlert[]) => compare(expectations(scenario, BEGIN), alerts)

describe('the verdict', () => {
  it.each<[string, OpenedAlert[], found: number, missed: number, wrong: number]>([
    ['both found, newest first', [alert(2, 31), alert(1, 12)], 2, 0, 0],
    ['nothing found', [], 0, 2, 0],
    ['too early', [alert(1, 9)], 0, 2, 1],
    ['too late', [alert(1, 17)], 0, 2, 1],
    ['two cards for one fault', [alert(1, 12), alert(2, 13), alert(3, 31)], 2, 0, 1],
    ['of another detector', [alert(1, 12, 'backup is odd', 'spike')], 0, 2, 1],
    ['about something else', [alert(1, 12, 'api sent no beat')], 0, 2, 1],
    ['a test alert does not count', [alert(1, 12), alert(2, 31), alert(3, 40, 'test alert', 'test')], 2, 0, 0],
  ])('%s', (_, alerts, found, missed, wrong) => {
    const verdict = verdictOf(...alerts)
    expect([verdict.found.length, verdict.missed.length, verdict.wrong.length]).toEqual([found, missed, wrong])
  })

  const outage = parseScenario(
    `{name: t, duration: 1h, sources: [{kind: beats, name: backup, every: 1m, grace: 1m}], faults: [
      {kind: outage, name: no network, at: 10m, for: 5m}]}`,
    'test',
  )
  it.each<[string, OpenedAlert[], found: number, missed: number, wrong: number]>([
    ['one alert for each silent source', [alert(1, 12), alert(2, 13, 'mail stopped sending logs', 'silence')], 1, 0, 0],
    ['none, because it was short', [], 0, 0, 0],
    ['later ones are wrong', [alert(1, 12), alert(2, 40)], 1, 0, 1],
    ['errors are wrong', [alert(1, 12, 'backup: boom', 'error-spike')], 0, 0, 1],
  ])('of an outage that a Vakt which is online sees: %s', (_, alerts, found, missed, wrong) => {
    const verdict = compare(expectations(outage, BEGIN, 1, false), alerts)
    expect([verdict.found.length, verdict.missed.length, verdict.wrong.length]).toEqual([found, missed, wrong])
    expect(compare(expectations(outage, BEGIN), alerts).missed).toHaveLength(1)
  })

  it('has precision and recall, and the time from each fault to its alert', () => {
    const verdict = verdictOf(alert(1, 12), alert(2, 50))
    expect([verdict.precision, verdict.recall, verdict.found[0]!.after]).toEqual([0.5, 0.5, 120_000])
    expect(verdictLines(verdict).join('\n')).toMatchInlineSnapshot(`
      " 10:00  found   no backup: "backup sent no beat" after 2m, resolved 5s later
       30:00  MISSED  bad backup (failure)
             WRONG   alert 2 of missed-beat: "backup sent no beat" at 2026-03-02T09:50:00.000Z
      1 of 2 faults found, 1 false alert: precision 0.50, recall 0.50"
    `)
    expect(verdictOf(alert(1, 12), alert(2, 31))).toMatchObject({ precision: 1, recall: 1 })
    expect(compare([], [])).toMatchObject({ precision: 1, recall: 1 })
  })
})
