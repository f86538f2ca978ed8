// What counts as out of range: full, risen by much, restarted; and what does not.
import { describe, expect, it } from 'vitest'
import type { Sample, SeriesKind } from '../../hosts/metrics/samples.ts'
import { unusualFigures } from './metric-summary.ts'

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

describe('a figure', () => {
  it.each<[string, SeriesKind, 'cpu' | 'memory' | 'used' | 'restarts', (number | null)[], string[]]>([
    ['that is as before', 'host', 'cpu', [50, 55, 52, 51, 54, 53], []],
    ['that rises by much', 'host', 'cpu', [10, 12, 11, 12, 70, 20], ['CPU of it rose to 70 %, before on average 11 %']],
    [
      'that becomes full',
      'disk',
      'used',
      [80, 82, 84, 88, 91, 97],
      ['disk use of it rose to 97 %, before on average 82 %'],
    ],
    ['that always was full', 'host', 'memory', [95, 96, 95, 95, 96, 97], []],
    ['of several cores', 'container', 'cpu', [10, 10, 10, 350, 350, 350], []],
    ['that counts restarts', 'container', 'restarts', [1, 1, 1, 1, 3, 3], ['it restarted 2 times']],
    ['that was not measured', 'host', 'cpu', [null, null, null, null, null, null], []],
  ])('%s', (_, kind, name, values, texts) => {
    expect(unusualFigures('it', kind, samples(name, values), 3).map(one => one.text)).toEqual(texts)
  })
})
