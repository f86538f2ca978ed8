// What hosts measured finds its way into the evidence, as far as the question may see them.
import { describe, expect, it } from 'vitest'
import { storeMeasured } from '../hosts/samples.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState } from '../state/database.ts'
import { hosts } from '../state/schema.ts'
import { HOUR, MINUTE } from '../time.ts'
import { gatherPack } from './gathering.ts'
import { measuredOutOfRange } from './measuring.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')

describe('measurements', () => {
  it('out of range are evidence, those of another project are not', async () => {
    const state = memoryState()
    const [mine, other] = [addProject(state, 'mine', NOW), addProject(state, 'other', NOW)]
    for (const [name, projectId] of [
      ['web-1', mine.id],
      ['secret-1', other.id],
    ] as const) {
      const row = { name, address: 'x', port: 22, user: 'x', auth: 'own' as const, addedAt: 0, addedBy: 'x', projectId }
      const { id } = state.db.insert(hosts).values(row).returning().get()
      for (let at = NOW - 2 * HOUR; at < NOW; at += MINUTE)
        storeMeasured(state, id, [{ kind: 'host', name: '', cpu: at < NOW - HOUR / 2 ? 10 : 97 }], at)
    }
    const subject = { title: 'x', where: null, from: NOW - HOUR, until: NOW, projectId: mine.id, favoured: ['web-1'] }
    const pack = await gatherPack({ state, store: null, measured: one => measuredOutOfRange(state, one, NOW) }, subject)
    expect(pack.measured).toEqual([
      { id: 'M1', at: NOW - HOUR / 2, text: 'CPU of host web-1 rose to 97 %, before on average 10 %' },
    ])
  })
})
