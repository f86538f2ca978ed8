// A probe from several places: which views count together, when they make a result, and what comes too late to matter.
import { beforeEach, describe, expect, it } from 'vitest'
import { addCheck, readCheck } from '../checks/checks.ts'
import type { ProbeResult } from '../probes/probe.ts'
import { addProbe, readProbedCheck } from '../probes/probes.ts'
import { addProject } from '../projects/projects.ts'
import { addSatellite } from '../satellites/satellites.ts'
import { listViews } from '../satellites/views.ts'
import { memoryState, type State } from '../state/database.ts'
import { MINUTE, SECOND } from '../time.ts'
import { evaluateView } from './evaluate-viewpoints.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
/** How old a view may be: two minutes of two probes, the timeout, and a minute. */
const OLD_MS = 3 * MINUTE + 5 * SECOND
let state: State
let id: number
beforeEach(() => {
  state = memoryState()
  addProject(state, 'default', 0)
  for (const name of ['oslo', 'berlin', 'paris']) addSatellite(state, { name, createdBy: 'Ann' }, 0)
  isSeen(['oslo', 'berlin', 'paris'], NOW + 9 * MINUTE)
  id = check({})
})
const isSeen = (names: string[], at: number | null) => {
  for (const name of names) state.prepare('update satellites set last_seen_at = ? where name = ?').run(at, name)
}
const check = ({ via = 'main\noslo\nberlin' as string | null, quorum = null as number | null, after = 1 }) => {
  const more = { every: MINUTE, severity: 'critical' as const, probed: true, after }
  const { id: checkId } = addCheck(
    state,
    { projectId: 1, name: `c${Math.random()}`, timeZone: 'UTC', grace: 0, ...more },
    NOW,
  )
  const asked = { kind: 'http', target: 'https://x', timeout: 5 * SECOND, certDays: 0, reach: 'any' as const }
  addProbe(state, { checkId, ...asked, changedAt: NOW, via, quorum })
  return checkId
}
/** What a view makes of the check: how many results it has then, its status, and what people hear. */
const sees = (viewpoint: string, ok: boolean, at = NOW, now = at) => {
  const result: ProbeResult = {
    ok,
    message: ok ? 'fine' : 'gone',
    durationMs: 1,
    address: null,
    certificateEndsAt: null,
  }
  const results = evaluateView(state, readProbedCheck(state, id)!, viewpoint, result, { at, now })
  const { beats, status } = readCheck(state, id)!
  return [beats, status, ...results.map(({ kind }) => kind)]
}

describe('a probe from several places', () => {
  it('has a result once all that are up have found something, by most of them', () => {
    expect(sees('main', false)).toEqual([0, 'new'])
    expect(sees('oslo', true, NOW + 1)).toEqual([0, 'new'])
    expect(sees('berlin', false, NOW + 2)).toEqual([1, 'down', 'firing'])
    expect(readProbedCheck(state, id)!.probe).toMatchObject({ lastAt: NOW + 2, lastMessage: 'gone from berlin, main' })
    // The next round needs all of them again.
    expect(sees('berlin', false, NOW + MINUTE)).toEqual([1, 'down'])
    expect(sees('main', false, NOW + MINUTE)).toEqual([1, 'down'])
    expect(sees('oslo', false, NOW + MINUTE)).toEqual([2, 'down', 'firing'])
  })

  it('has one as well when a place finds something for the second time', () => {
    sees('main', true)
    expect(sees('main', true, NOW + MINUTE)).toEqual([1, 'up'])
    expect(sees('main', true, NOW + 2 * MINUTE)).toEqual([1, 'up'])
    expect(sees('main', true, NOW + 3 * MINUTE)).toEqual([2, 'up'])
  })

  it('is up again at once when most find it up', () => {
    for (const place of ['main', 'oslo', 'berlin']) sees(place, false)
    expect(readCheck(state, id)!.status).toBe('down')
    expect(sees('main', true, NOW + MINUTE)).toEqual([1, 'down'])
    expect(sees('oslo', true, NOW + MINUTE)).toEqual([2, 'up', 'resolved'])
  })

  it('is down for as many as its quorum says', () => {
    id = check({ quorum: 1 })
    sees('main', true)
    sees('oslo', true)
    expect(sees('berlin', false)).toEqual([1, 'down', 'firing'])
  })

  it('does not wait for places that are silent, never reported, or were removed', () => {
    isSeen(['oslo'], NOW - 30 * SECOND - 1)
    isSeen(['berlin'], null)
    expect(sees('main', true)).toEqual([1, 'up'])
    isSeen(['oslo'], NOW - 30 * SECOND)
    id = check({})
    expect(sees('main', true)).toEqual([0, 'new'])
    state.prepare("delete from satellites where name = 'oslo'").run()
    id = check({})
    expect(sees('main', true)).toEqual([1, 'up'])
  })

  it('does not count what a place found that is silent now', () => {
    sees('oslo', false)
    isSeen(['oslo', 'berlin'], NOW - MINUTE)
    expect(sees('main', true, NOW + 1)).toEqual([1, 'up'])
    // It comes after the fact: it is known, and changes nothing.
    expect(sees('oslo', false, NOW + 2)).toEqual([1, 'up'])
    expect(listViews(state, id).find(({ viewpoint }) => viewpoint === 'oslo')!.at).toBe(NOW + 2)
  })

  it('does not count what is too old', () => {
    const now = NOW + OLD_MS
    isSeen(['oslo', 'berlin'], now)
    expect(sees('oslo', true, NOW - 1, now)).toEqual([0, 'new'])
    expect(listViews(state, id)).toHaveLength(1)
    expect(sees('berlin', true, NOW, now)).toEqual([0, 'new'])
    // Of oslo nothing counts: the last result of main makes none, until it is the second of main.
    expect(sees('main', true, now, now)).toEqual([0, 'new'])
    expect(sees('oslo', true, NOW, now)).toEqual([1, 'up'])
  })

  it('knows nothing of other places, and of what it knew later already', () => {
    expect(sees('paris', false)).toEqual([0, 'new'])
    expect(listViews(state, id)).toEqual([])
    sees('main', true)
    expect(sees('main', false)).toEqual([0, 'new'])
    id = check({ via: null })
    expect(sees('main', true)).toEqual([0, 'new'])
  })

  it('has results in the order of time', () => {
    for (const place of ['main', 'oslo']) sees(place, true, NOW + 5)
    sees('berlin', true, NOW + 5)
    expect(readProbedCheck(state, id)!.probe.lastAt).toBe(NOW + 5)
    sees('main', false, NOW + 6)
    sees('oslo', false, NOW + 9)
    sees('berlin', false, NOW + 7, NOW + 9)
    expect(readProbedCheck(state, id)!.probe.lastAt).toBe(NOW + 7)
  })
})
