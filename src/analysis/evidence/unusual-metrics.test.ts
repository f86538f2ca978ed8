// What hosts measured finds its way into the evidence, as far as the question may see them.
import { describe, expect, it } from 'vitest'
import { memoryState } from '../../state/database.ts'
import { addMeasuredHosts } from '../../testing/measured-hosts.ts'
import { HOUR } from '../../time.ts'
import { gatherPack } from './gather.ts'
import { measuredOutOfRange } from './unusual-metrics.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')

describe('measurements', () => {
  it('out of range are evidence, those of another project are not', async () => {
    const state = memoryState()
    const mine = addMeasuredHosts(state, NOW, 97)
    const subject = { title: 'x', where: null, from: NOW - HOUR, until: NOW, projectId: mine.id, favoured: ['web-1'] }
    const pack = await gatherPack({ state, store: null, measured: one => measuredOutOfRange(state, one, NOW) }, subject)
    expect(pack.measured).toEqual([
      { id: 'M1', at: NOW - HOUR / 2, text: 'CPU of host web-1 rose to 97 %, before on average 10 %' },
    ])
  })
})
