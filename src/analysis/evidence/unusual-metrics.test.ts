// Which measurements are unusual, and which of them a question may see.
import { describe, expect, it } from 'vitest'
import type { Sample, SeriesKind } from '../../hosts/metrics/samples.ts'
import { memoryState } from '../../state/database.ts'
import { addMeasuredHosts } from '../../testing/measured-hosts.ts'
import { HOUR } from '../../time.ts'
import { gatherPack } from './gather.ts'
import { findUnusual, listUnusualMeasurements } from './unusual-metrics.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')

describe('measurements', () => {
  it('that are unusual are evidence, except those of another project', async () => {
    const state = memoryState()
    const mine = addMeasuredHosts(state, NOW, 97)
    const subject = {
      title: 'x',
      where: null,
      from: NOW - HOUR,
      until: NOW,
      projectId: mine.id,
      preferredOrigins: ['web-1'],
    }
    const pack = await gatherPack(
      { state, store: null, listMeasurements: subject => listUnusualMeasurements(state, subject, NOW) },
      subject,
    )
    expect(pack.measurements).toEqual([
      { id: 'M1', at: NOW - HOUR / 2, text: 'CPU of host web-1 rose to 97 %, before on average 10 %' },
    ])
  })
})

const JUMP = 30
const FULL = 90

const samples = (name: 'cpu' | 'memory' | 'used' | 'restarts', values: readonly (number | null)[]): Sample[] =>
  values.map((value, at) => {
    const none = { cpu: null, memory: null, memoryLimit: 100, received: null, sent: null, read: null, written: null }
    return {
      ...none,
      restarts: null,
      load: null,
      used: null,
      size: 100,
      cpuMax: null,
      memoryMax: null,
      at,
      [name]: value,
    }
  })

describe('a series', () => {
  it.each<[string, SeriesKind, 'cpu' | 'memory' | 'used' | 'restarts', (number | null)[], string[]]>([
    ['without a change', 'host', 'cpu', [50, 55, 52, 51, 54, 53], []],
    ['with a large rise', 'host', 'cpu', [10, 12, 11, 12, 70, 20], ['CPU of it rose to 70 %, before on average 11 %']],
    [
      'that becomes full',
      'disk',
      'used',
      [80, 82, 84, 88, 91, 97],
      ['disk use of it rose to 97 %, before on average 82 %'],
    ],
    [
      'with a rise of memory',
      'host',
      'memory',
      [10, 10, 10, 50, 20, 20],
      ['memory of it rose to 50 %, before on average 10 %'],
    ],
    ['of memory with a gap before', 'host', 'memory', [null, null, 40, 60, 60, 60], []],
    ['that was full before', 'host', 'memory', [95, 96, 95, 95, 96, 97], []],
    ['of several cores', 'container', 'cpu', [10, 10, 10, 350, 350, 350], []],
    ['that counts restarts', 'container', 'restarts', [1, 1, 1, 1, 3, 3], ['it restarted 2 times']],
    [
      'with a rise of just enough',
      'host',
      'cpu',
      [10, 10, 10, 10 + JUMP, 10, 10],
      [`CPU of it rose to ${10 + JUMP} %, before on average 10 %`],
    ],
    ['with a rise of a little less', 'host', 'cpu', [10, 10, 10, 9.9 + JUMP, 10, 10], []],
    [
      'that is just full',
      'disk',
      'used',
      [FULL - 1, FULL - 1, FULL - 1, FULL, FULL, FULL],
      [`disk use of it rose to ${FULL} %, before on average ${FULL - 1} %`],
    ],
    ['that was just full before', 'disk', 'used', [FULL, FULL, FULL, FULL + 1, FULL, FULL], []],
    ['with too little before', 'host', 'cpu', [null, null, null, 70, 20, 20], []],
    [
      'with a gap before',
      'host',
      'cpu',
      [null, 10, 10, 70, 20, 20],
      ['CPU of it rose to 70 %, before on average 10 %'],
    ],
    ['that counts no restarts', 'container', 'restarts', [2, 2, 2, 2, 2, 2], []],
    [
      'whose count begins in the window',
      'container',
      'restarts',
      [null, null, null, 4, 5, 6],
      ['it restarted 2 times'],
    ],
    ['whose count ends', 'container', 'restarts', [1, 1, 1, 2, 2, null], []],
    ['without measurements', 'host', 'cpu', [null, null, null, null, null, null], []],
  ])('%s', (_, kind, name, values, texts) => {
    expect(findUnusual('it', kind, samples(name, values), 3).map(({ text }) => text)).toEqual(texts)
  })

  it('of the time before only has nothing unusual', () => {
    expect(findUnusual('it', 'host', samples('cpu', [10, 90]), 3)).toEqual([])
  })
})
