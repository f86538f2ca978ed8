// Group commit: one transaction for all that came in a turn, each job with its own end.
import { describe, expect, it } from 'vitest'
import { recordBeat } from '../checks/beats.ts'
import { addCheck, pauseCheck, readCheck, readCheckByUuid } from '../checks/checks.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState } from './database.ts'
import { createGroupCommit } from './group-commit.ts'

const arrival = {
  signal: 'success' as const,
  exitStatus: null,
  rid: null,
  method: 'GET',
  scheme: 'http',
  remoteAddress: '127.0.0.1',
  userAgent: '',
  body: Buffer.alloc(0),
  bodyBytes: 0,
  outputBytes: null,
}

function aCheck() {
  const state = memoryState()
  const project = addProject(state, 'default', 0)
  const draft = {
    projectId: project.id,
    name: 'job',
    every: 60_000,
    timeZone: 'UTC',
    grace: 1000,
    severity: 'critical' as const,
  }
  return { state, check: addCheck(state, draft, 0) }
}

describe('a group commit', () => {
  it('shares one transaction among all jobs of a turn and answers each', async () => {
    const { state, check } = aCheck()
    let commits = 0
    state.onCommit(() => commits++)
    const commit = createGroupCommit(state)
    const beats = await Promise.all(
      [1, 2, 3].map(at =>
        commit(() => recordBeat(state, readCheckByUuid(state, check.uuid)!, arrival, at).check.beats),
      ),
    )
    expect([beats, commits]).toEqual([[1, 2, 3], 1])
    expect(readCheck(state, check.id)).toMatchObject({ beats: 3, lastBeatAt: 3, status: 'up' })
  })

  it('loses nothing but the job that fails', async () => {
    const { state, check } = aCheck()
    const commit = createGroupCommit(state)
    const beat = () => recordBeat(state, readCheckByUuid(state, check.uuid)!, arrival, 5)
    const ends = await Promise.allSettled([
      commit(beat),
      commit(() => {
        beat()
        throw new Error('no')
      }),
      commit(beat),
    ])
    expect(ends.map(end => end.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(readCheck(state, check.id)!.beats).toBe(2)
    expect(readCheckByUuid(state, check.uuid)!.beats).toBe(2)
  })

  it('keeps the order of beats and other changes to one check', () => {
    const { state, check } = aCheck()
    state.transaction(() => {
      recordBeat(state, readCheckByUuid(state, check.uuid)!, arrival, 5)
      pauseCheck(state, readCheckByUuid(state, check.uuid)!, 0)
    })
    expect(readCheck(state, check.id)).toMatchObject({ status: 'paused', beats: 1, downAt: null })
    expect(readCheckByUuid(state, check.uuid)).toEqual(readCheck(state, check.id))
  })
})
