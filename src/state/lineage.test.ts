// A state that is older than what Vakt left, or another one, is never taken for the current one.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { acknowledgeAlert, fireAlert } from '../alerts/lifecycle.ts'
import { silentLogger } from '../logger.ts'
import { memoryState, type State } from './database.ts'
import { newInstance, openLineage, writeInstance } from './lineage.ts'

let folder: string
let state: State
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-lineage-'))
  state = memoryState()
  writeInstance(state, 'abcde')
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = () => join(folder, 'vakt.instance')
const open = () => openLineage(folder, state, silentLogger)
const fires = (key: string) =>
  fireAlert(
    state,
    {
      ...{ key, detector: 'test', projectId: null, severity: 'critical', title: key, since: 1, owner: null },
      ...{ remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels: {} },
    },
    1,
  )
/** The state as it was at some time, restored: what came after is gone. */
const restoreLine = (line: number) => state.prepare('delete from alert_history where id > ?').run(line)

it('a state without a record, and one whose record says nothing, is not current', () => {
  expect(open().isCurrent).toBe(false)
  for (const content of ['', 'abcde', 'abcde x', '\0\0\0']) {
    writeFileSync(file(), content)
    expect(open().isCurrent).toBe(false)
  }
})

it('a state that Vakt left is current, however it ended', () => {
  open().follow()
  expect(open().isCurrent).toBe(true)
  const { id } = fires('disk')
  acknowledgeAlert(state, id, 'Ann', null, 2)
  expect(open().isCurrent).toBe(true)
})

it('a state that is ahead of its record is current: Vakt was killed between the two', () => {
  open().follow()
  const record = readFileSync(file())
  fires('disk')
  writeFileSync(file(), record)
  expect(open().isCurrent).toBe(true)
})

it('a restored state is not current, were it by one line', () => {
  open().follow()
  fires('disk')
  const { id } = fires('power')
  restoreLine(1)
  expect(open().isCurrent).toBe(false)
  open().follow()
  expect(open().isCurrent).toBe(true)
  fires('network')
  acknowledgeAlert(state, id, 'Ann', null, 2)
  expect(open().isCurrent).toBe(true)
})

it('another state, and a folder that was copied with its record, are not current', () => {
  open().follow()
  writeInstance(state, newInstance())
  expect(open().isCurrent).toBe(false)
  open().follow()
  const [instance, line, at] = readFileSync(file(), 'utf8').trim().split(' ')
  writeFileSync(file(), `${instance} ${line} ${Number(at) - 5_000}\n`)
  expect(open().isCurrent).toBe(false)
})

it('ids are short words, and never the same twice', () => {
  const ids = Array.from({ length: 50 }, newInstance)
  expect(ids.every(id => /^[a-z0-9]{5}$/.test(id))).toBe(true)
  expect(new Set(ids).size).toBe(50)
})
